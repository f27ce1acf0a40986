// What the two have to say to each other, and to whoever comes by.

/** `isReply`: to what was said last. */
export type Line = { by: 'ines' | 'tomas'; text: string; isReply?: true }

export const ROOM = { name: 'The lighthouse', description: 'Everything about the repair, and tea.' }
export const CHARACTERS = {
  ines: { display_name: 'Ines Lindqvist' },
  tomas: { display_name: 'Tomas Abara' },
} as const

export const SCRIPT: readonly Line[] = [
  { by: 'ines', text: 'Good morning! I am at the lighthouse. The door opened at the first try.' },
  { by: 'tomas', text: 'That door never opens at the first try. Are you sure it is ours?' },
  { by: 'ines', text: 'White, round, and a gull on top that shouts at me. It is ours.', isReply: true },
  { by: 'tomas', text: 'Then give my regards to the gull.' },
  { by: 'ines', text: 'She does not take regards. She takes sandwiches.' },
  { by: 'ines', text: 'So, the list for today: the lamp, the stairs, the kettle.' },
  { by: 'tomas', text: 'The kettle first. Nobody repairs stairs without tea.', isReply: true },
  {
    by: 'tomas',
    text: 'I bring the new bulb at ten. It is as big as a pumpkin, and I am afraid of every bump in the road.',
  },
  { by: 'ines', text: 'Drive slowly. We had only one in the budget.' },
  { by: 'tomas', text: 'How many stairs are there in the end? I said 112 to the man with the timber.' },
  { by: 'ines', text: 'I have counted twice. 114 on the way up, 113 on the way down.', isReply: true },
  { by: 'tomas', text: 'Then 114. Better one that we do not need than one that is not there.' },
  { by: 'ines', text: 'The view is worth all of them. One sees the ferry before it sees us.' },
  { by: 'tomas', text: 'You read this as it is written, by the way, with nothing between us but a database.' },
  { by: 'ines', text: 'And if the server falls over now, nothing of it is lost. I like that in a house by the sea.' },
  { by: 'tomas', text: 'Ten minutes. Put the kettle on.' },
]

/** What is said to whoever says something themselves. */
export const ANSWERS: readonly string[] = [
  'Oh, hello! Somebody is here. Do you drink tea?',
  'Good that you say so. I have put it on the list, below the kettle.',
  'The gull nods. I take that as a yes.',
  'Let us ask the ferry when it comes by.',
  'True. Try to go offline and write something: it is here as soon as you are back.',
  'I am only written down, so I cannot answer that well. But I did read it, you see the tick.',
]
