// Every command of the socket, for everybody who may bring it: one table, walked on real sockets. Without a token there is
// no socket at all; sockets.test.ts has that.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CommandType } from '../../src/contract/commands.js'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

const WHO = [
  'outsider',
  'removed',
  'banned',
  'viewer',
  'member',
  'author',
  'blocked',
  'moderator',
  'admin',
  'owner',
] as const
type Who = (typeof WHO)[number]

const OK = 'ok'
const NO_CONVERSATION = 'conversation.not_found'
const NO_MESSAGE = 'message.not_found'
const FORBIDDEN = 'conversation.forbidden'
const NOT_MINE = 'message.forbidden'

const all = (end: string) => Array<string>(WHO.length).fill(end)
/** Who has no business there; then from the viewer up, each as the one below if nothing else is said. */
const inside = (others: string, viewer: string, member = viewer, author = member, moderator = member) => [
  ...Array<string>(3).fill(others),
  viewer,
  member,
  author,
  member,
  ...Array<string>(3).fill(moderator),
]

/** ok, or the code of the refusal. The message is the author's; the blocked one is a member whom the author has blocked. */
const TABLE: Record<CommandType, string[]> = {
  'message.send': inside(NO_CONVERSATION, FORBIDDEN, OK),
  'message.edit': inside(NO_MESSAGE, FORBIDDEN, NOT_MINE, OK, NOT_MINE),
  'message.delete': inside(NO_MESSAGE, NOT_MINE, NOT_MINE, OK, OK),
  'receipt.update': inside(NO_CONVERSATION, OK),
  'typing.start': inside(NO_CONVERSATION, FORBIDDEN, OK),
  'typing.stop': inside(NO_CONVERSATION, FORBIDDEN, OK),
  'presence.set': all(OK),
  'presence.watch': all(OK),
  'stream.fetch': inside('stream.not_found', OK),
  'auth.renew': all(OK),
  ping: all(OK),
}

/** What is sent with it, by `who`, about a message of the author in the conversation. */
function dataOf(command: CommandType, who: Who, conversation_id: string, message_id: string, seq: number): unknown {
  switch (command) {
    case 'message.send':
      return { conversation_id, content: `from the ${who}` }
    case 'message.edit':
      return { message_id, content: `changed by the ${who}` }
    case 'message.delete':
      return { message_id }
    case 'receipt.update':
      return { conversation_id, read_number: 1 }
    case 'typing.start':
    case 'typing.stop':
      return { conversation_id }
    case 'presence.set':
      return { status: 'online' }
    case 'presence.watch':
      return { user_ids: [people.author.id] }
    case 'stream.fetch':
      return { stream: conversation_id, from_seq: seq, to_seq: seq }
    case 'auth.renew':
      return { token: people[who].token }
    case 'ping':
      return undefined
  }
}

let world: World
let people: Record<Who, Person>
let ears: Record<Who, Ear>
let home: string

beforeAll(async () => {
  world = await startWorld()
  const named = await Promise.all(WHO.map(async (who) => [who, await world.person(who)] as const))
  people = Object.fromEntries(named) as Record<Who, Person>
  const { outsider, owner, ...others } = people
  home = (await world.group(owner, ...Object.values(others))).id
  for (const role of ['viewer', 'moderator', 'admin'] as const) {
    await owner.patch(`/conversations/${home}/members/${people[role].id}`, { role })
  }
  const psql = await world.session()
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [people.author.id, people.blocked.id])
  const opened = await Promise.all(WHO.map(async (who) => [who, await people[who].connect()] as const))
  ears = Object.fromEntries(opened) as Record<Who, Ear>
  await owner.delete(`/conversations/${home}/members/${people.removed.id}`)
  await owner.ask('PUT', `/conversations/${home}/bans/${people.banned.id}`, {})
})
afterAll(() => world[Symbol.asyncDispose]())

const cases = (Object.keys(TABLE) as CommandType[]).flatMap((command) =>
  WHO.map((who, index) => [command, who, TABLE[command][index]] as const),
)

test.each(cases)('%s by the %s: %s', async (command, who, outcome) => {
  const message = await people.author.say(home, 'what it is about')
  const { seq } = await people.owner.get(`/conversations/${home}`)
  const reply = await ears[who].command(command, dataOf(command, who, home, message.id, seq))
  expect(reply.ok ? OK : reply.error.code).toBe(outcome)
  if (outcome !== OK) expect(await people.author.get(`/messages/${message.id}`)).toEqual(message)
})

test('those who are not in it have heard nothing of all that', async () => {
  for (const who of ['outsider', 'removed', 'banned'] as const) {
    await people[who].settled()
    const removal = ears[who].all('conversation.left')[0]?.data.seq ?? 0
    expect(ears[who].stream(home).every((frame) => (frame.seq ?? 0) < removal)).toBe(true)
  }
})
