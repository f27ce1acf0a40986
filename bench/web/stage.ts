// Who is there, and what was said: a reader with a list of conversations, one of them a long one, and somebody who talks in it.
import pg from 'pg'
import type { Conversation } from '../../src/contract/conversations.js'
import { type BuiltServer, startBuiltServer } from '../lib/built-server.js'
import { Client } from '../lib/client.js'
import type { Transcript } from '../lib/transcript.js'

const CONVERSATIONS = 50
const AUTHORS = 12
export const PASSWORD = 'correct horse battery staple'
export const READER = 'reader'

export type Somebody = { id: string; token: string }
export type Stage = {
  server: BuiltServer
  client: Client
  reader: Somebody
  talker: Somebody
  /** The one with many messages. */
  long: Conversation
  /** One that is as short as the others, to talk in. */
  lively: Conversation
  stop: () => Promise<void>
}

/** `texts`: what is said in the long conversation. */
export async function openStage(databaseUrl: string, texts: readonly Said[]): Promise<Stage> {
  const server = await startBuiltServer(databaseUrl)
  const session = new pg.Client(databaseUrl)
  const stop = async () => {
    await session.end()
    await server.stop()
  }
  try {
    await session.connect()
    const client = new Client(server.url)
    const signUp = async (username: string, display_name: string): Promise<Somebody> => {
      const email = `${username}@web.example`
      const { user, access_token } = await client.register({ username, email, display_name, password: PASSWORD })
      return { id: user.id, token: access_token }
    }
    const reader = await signUp(READER, 'Robin Reader')
    const talker = await signUp('talker', 'Toni Talker')
    const { rows } = await session.query<{ id: string }>(
      `insert into users (username, display_name) select 'author-' || n, 'Author Number ' || n from generate_series(1, $1::int) n returning id`,
      [AUTHORS],
    )
    const authors = rows.map(({ id }) => id)
    const groups: Conversation[] = []
    for (let index = 0; index < CONVERSATIONS; index++) {
      groups.push(await client.createGroup(reader.token, `Group ${index + 1}`, [talker.id, ...authors]))
    }
    const [long, lively] = groups.slice(-2) as [Conversation, Conversation]
    await say(
      session,
      groups.filter((one) => one !== long).map(({ id }) => id),
      authors,
      inventSaid(40),
    )
    await say(session, [long.id], authors, texts)
    // One begins at the end of both, not where something is unread.
    for (const { id } of [long, lively]) await markRead(server.url, reader.token, id)
    return { server, client, reader, talker, long, lively, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export type Said = { author: number; text: string }

/** In one statement, one after another, a minute apart. */
async function say(session: pg.Client, places: string[], authors: string[], texts: readonly Said[]): Promise<void> {
  await session.query(
    `insert into messages (conversation_id, sender_id, content, created_at)
     select place, ($2::uuid[])[1 + author % cardinality($2::uuid[])], text, now() - (cardinality($4::text[]) - n) * interval '1 minute'
     from unnest($1::uuid[]) place cross join unnest($3::int[], $4::text[]) with ordinality said (author, text, n)
     order by place, n`,
    [places, authors, texts.map(({ author }) => author), texts.map(({ text }) => text)],
  )
}

const WORDS =
  'We meet at the old station at nine, and whoever is late brings the coffee for the rest of us. Is that fine with you all? '

/** Between a word and some lines, two or three of one author in turn. */
export function inventSaid(count: number): Said[] {
  return Array.from({ length: count }, (_, index) => ({
    author: Math.floor(index / 2.5),
    text: `${index + 1}: ${WORDS.repeat(2).slice(0, 8 + ((index * 37) % 180))}`.trim(),
  }))
}

/** What was really said, over and over until it is enough. */
export function saidIn(transcripts: readonly Transcript[], count: number): Said[] {
  const all = transcripts.flatMap(({ lines, nicks }) =>
    lines.flatMap(({ nick, text }) => (text.trim() ? [{ author: nicks.indexOf(nick), text }] : [])),
  )
  return Array.from({ length: count }, (_, index) => all[index % all.length] as Said)
}

async function markRead(url: string, token: string, id: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/conversations/${id}/receipts`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: '{"read_number":1000000}',
  })
  if (!answer.ok) throw new Error(`receipts: ${answer.status} ${await answer.text()}`)
}
