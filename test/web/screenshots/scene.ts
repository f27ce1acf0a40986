// People with something to say to each other, as the pictures of the page show them: over the public API, but for the time of day.
import type { Client } from 'pg'
import { Person } from '../../support/person.js'
import { wav } from '../sounds.js'
import { faces, photographs } from './paintings.js'

const PEOPLE = {
  mara: 'Mara Ostrowska',
  ines: 'Ines Lindqvist',
  tomas: 'Tomas Abara',
  noor: 'نور حداد',
  gus: 'Gus Fairweather',
  wren: 'Wren Castellano',
} as const
type Name = keyof typeof PEOPLE
type Files = { bytes: Buffer; name: string; voice?: true }[]
type Said = {
  by: Name
  minutesAgo: number
  text?: string
  files?: Files
  replyTo?: string
  key?: string
  isEdited?: true
  isDeleted?: true
}

export const PASSWORD = 'correct horse battery'
const DAY = 24 * 60

/** A voice that nobody has. */
const speech = (seconds: number) =>
  wav(seconds, (second) => Math.abs(Math.sin(second * 2.3) * Math.sin(second * 7.1 + 1)) ** 1.4)

async function lighthouse(): Promise<Said[]> {
  const [evening, morning, night] = await Promise.all(Object.values(photographs).map((take) => take()))
  return [
    { by: 'gus', minutesAgo: 1_050, text: 'The timber is here. 114 steps, and three that nobody ordered.' },
    { by: 'tomas', minutesAgo: 1_047, text: 'Keep the three. Something always breaks on the way up.' },
    { by: 'noor', minutesAgo: 1_031, text: 'وصلت العبّارة. أنا في الميناء مع المصباح الجديد.' },
    { by: 'mara', minutesAgo: 1_028, text: 'On my way with the cart. Do not let Gus carry it alone!', key: 'cart' },
    { by: 'gus', minutesAgo: 1_026, text: 'I heard that.', replyTo: 'cart' },
    {
      by: 'ines',
      minutesAgo: 840,
      text: 'This evening, from the rock',
      files: [{ bytes: evening as Buffer, name: 'evening.jpg' }],
    },
    { by: 'mara', minutesAgo: 837, text: 'Nobody will believe that we get to work here.' },
    { by: 'ines', minutesAgo: 58, text: 'Good morning! The lamp is in, and it has been burning since six.' },
    {
      by: 'ines',
      minutesAgo: 57,
      files: [
        { bytes: night as Buffer, name: 'first-light.jpg' },
        { bytes: morning as Buffer, name: 'morning.jpg' },
      ],
    },
    {
      by: 'tomas',
      minutesAgo: 52,
      text: 'One sees it from the ferry. The captain sounded the horn for us.',
      key: 'ferry',
    },
    {
      by: 'mara',
      minutesAgo: 49,
      text: 'I cried a little, if anybody asks it was the wind.',
      replyTo: 'ferry',
      isEdited: true,
    },
    { by: 'gus', minutesAgo: 31, text: 'wrong chat, sorry', isDeleted: true },
    { by: 'gus', minutesAgo: 30, files: [{ bytes: speech(9), name: 'horn.wav', voice: true }] },
    { by: 'mara', minutesAgo: 12, text: 'Kettle is on. Who wants to be the first up all 114?' },
    { by: 'noor', minutesAgo: 4, text: 'I do, if somebody carries my bag.' },
    { by: 'tomas', minutesAgo: 2, text: 'I bring the sandwiches. For us, not for the gull.' },
  ]
}

const pdf = {
  bytes: Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n'),
  name: 'ferry-winter.pdf',
}

export type Scene = { people: Record<Name, Person>; lighthouse: string }

/** Makes it on an empty server, and lets it have happened when it is said to have. */
export async function furnish(url: string, database: Client): Promise<Scene> {
  const names = Object.keys(PEOPLE) as Name[]
  const signedUp = await Promise.all(
    names.map(async (name) => {
      const person = await Person.register(url, name, PASSWORD)
      await person.patch('/users/me', { display_name: PEOPLE[name] })
      const face = (faces as Partial<Record<Name, () => Promise<Buffer>>>)[name]
      if (face)
        await person.sendForm('/users/me/avatar', { file: fileOf({ bytes: await face(), name: 'face.png' }) }, 'PUT')
      return [name, person] as const
    }),
  )
  const people = Object.fromEntries(signedUp) as Record<Name, Person>
  const { mara, ines, tomas, noor, gus, wren } = people
  await tomas.patch('/users/me', { status_text: 'On the ferry', bio: 'Lamps, stairs, sandwiches.' })
  await ines.patch('/users/me', { status_text: 'Up in the lamp room' })

  const group = async (owner: Person, name: string, members: Person[], more: object = {}) => {
    const user_ids = members.map(({ id }) => id)
    return (await owner.post('/conversations', { type: 'group', name, user_ids, ...more })).id as string
  }
  const direct = async (other: Person) =>
    (await other.post('/conversations', { type: 'direct', user_ids: [mara.id] })).id as string

  const main = await group(ines, 'The lighthouse', [mara, tomas, noor, gus, wren], {
    description: 'Everything about the repair, and tea.',
  })
  const picture = fileOf({ bytes: await faces.lighthouse(), name: 'lighthouse.png' })
  await ines.sendForm(`/conversations/${main}/avatar`, { file: picture }, 'PUT')
  await ines.patch(`/conversations/${main}/members/${mara.id}`, { role: 'admin' })
  await ines.patch(`/conversations/${main}/members/${gus.id}`, { role: 'moderator' })
  const ferry = await group(tomas, 'Ferry watch', [mara, wren])
  const books = await group(wren, 'Books by the sea', [mara, ines, noor])
  const [withTomas, withNoor, withGus, withWren] = await Promise.all([tomas, noor, gus, wren].map(direct))

  const say = (id: string, said: Said[]) => tell(people, database, id, said)
  await say(main, await lighthouse())
  await say(withTomas as string, [
    { by: 'mara', minutesAgo: 95, text: 'Did you find the spare fuse?' },
    { by: 'tomas', minutesAgo: 93, text: 'In the tin with the biscuits. Do not ask.' },
    { by: 'tomas', minutesAgo: 1, text: 'Ten minutes. Put the kettle on.' },
  ])
  await say(withNoor as string, [{ by: 'noor', minutesAgo: 140, text: 'شكرًا على العشاء، كان رائعًا!' }])
  await say(ferry, [{ by: 'wren', minutesAgo: 26 * 60, text: 'From Monday on', files: [pdf] }])
  await say(books, [
    { by: 'wren', minutesAgo: 3 * DAY, text: 'Next: To the Lighthouse. Obviously.' },
    { by: 'noor', minutesAgo: 2 * DAY + 300, text: 'I have two copies, one of them has seen water.' },
  ])
  await say(withGus as string, [
    { by: 'gus', minutesAgo: 4 * DAY, files: [{ bytes: speech(6), name: 'idea.wav', voice: true }] },
  ])
  await say(withWren as string, [{ by: 'mara', minutesAgo: 6 * DAY, text: 'See you on the pier at nine.' }])

  await mara.patch(`/conversations/${withTomas}/me`, { pinned: true })
  await mara.patch(`/conversations/${ferry}/me`, { muted_until: new Date(Date.now() + 8 * 3_600_000).toISOString() })
  for (const id of [main, ferry, books, withNoor, withGus, withWren])
    await read(mara, id as string, id === main ? 2 : 0)
  for (const person of [ines, tomas, noor, gus, wren]) await read(person, main, 0)
  await read(tomas, withTomas as string, 0)
  return { people, lighthouse: main }
}

async function tell(people: Record<Name, Person>, database: Client, conversation: string, all: Said[]): Promise<void> {
  const keys: Record<string, string> = {}
  for (const { by, minutesAgo, text, files = [], replyTo, key, isEdited, isDeleted } of all) {
    const person = people[by]
    const sent = await Promise.all(
      files.map((file) =>
        person.upload(file.name, file.bytes, `?conversation_id=${conversation}${file.voice ? '&voice=true' : ''}`),
      ),
    )
    const { id } = await person.post(`/conversations/${conversation}/messages`, {
      ...(text && { content: isEdited ? `${text} .` : text }),
      ...(files.length > 0 && { attachment_ids: sent.map((one) => one.id) }),
      ...(replyTo && { reply_to_id: keys[replyTo] }),
    })
    if (key) keys[key] = id
    if (isEdited) await person.patch(`/messages/${id}`, { content: text })
    if (isDeleted) await person.ask('DELETE', `/messages/${id}`)
    await database.query("update messages set created_at = now() - $2 * interval '1 minute' where id = $1", [
      id,
      minutesAgo,
    ])
  }
  await database.query(
    `update streams set last_message_at = (select max(created_at) from messages
       where conversation_id = $1 and type <> 'system') where id = $1`,
    [conversation],
  )
  // Nobody was told of anything before the first word.
  await database.query(
    `update messages set created_at = (select min(created_at) from messages where conversation_id = $1 and type <> 'system')
       - interval '2 minutes' where conversation_id = $1 and type = 'system'`,
    [conversation],
  )
}

async function read(person: Person, conversation: string, butTheLast: number): Promise<void> {
  const { data } = await person.get(`/conversations/${conversation}/messages?limit=1`)
  await person.ask('PUT', `/conversations/${conversation}/receipts`, { read_number: data[0].number - butTheLast })
}

const fileOf = ({ bytes, name }: Files[number]) => new File([new Uint8Array(bytes)], name)
