// What the transcript has to say, and what can be done with a message.
import { pluralOf } from './plural.js'

const many = pluralOf('en')

export const transcript = {
  transcript: {
    new: 'New messages',
    message: (name: string, text: string, time: string) => `${name}: ${text}, ${time}`,
    sent: 'Sent',
    delivered: 'Delivered',
    read: 'Read',
    notThere: 'This message is not here any more.',
    comma: ', ',
    typing: (count: number, names: string) =>
      many(count, { one: `${names} is typing …`, other: `${names} are typing …` }),
    typingMany: (names: string, others: number) =>
      many(others, { one: `${names} and {n} other are typing …`, other: `${names} and {n} others are typing …` }),
    arrivedOne: (name: string, text: string) => `New message from ${name}: ${text}`,
    arrived: (count: number, names: string) =>
      many(count, { one: `{n} new message from ${names}`, other: `{n} new messages from ${names}` }),
    andOthers: (name: string) => `${name} and others`,
  },
  actions: {
    menu: 'What to do with this message',
    reply: 'Reply',
    endReply: 'Do not reply',
    showQuoted: 'Show the original',
    copy: 'Copy the text',
    copied: 'The text is copied.',
    notCopied: 'The browser does not let us copy. Select the text instead.',
    edit: 'Edit',
    editing: 'Edit the message',
    endEdit: 'Leave it as it was',
    save: 'Save',
    details: 'Details',
    delete: 'Delete …',
    deleteTitle: 'Delete this message?',
    deleteText: 'For everyone, its text is gone for good. For you alone, the others still see it.',
    deleteForMeText: 'It is gone for you alone. The others still see it.',
    deleteForMe: 'Delete for me',
    deleteForAll: 'Delete for everyone',
    from: 'From',
    sentAt: 'Sent',
    editedAt: 'Edited',
    seenBy: 'Who has it',
    seenByNobody: 'Nobody else is here who could have it.',
    readAt: (time: string) => `Read ${time}`,
    deliveredAt: (time: string) => `Delivered ${time}`,
    notYet: 'Not delivered yet',
    more: 'Show more',
  },
}

export type TranscriptTexts = typeof transcript
