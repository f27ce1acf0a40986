// Every command of the socket, for everybody who may bring it: one table, walked on a real socket.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { COMMANDS } from '../../src/contract/commands.js'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

const WHO = ['outsider', 'removed', 'member', 'author', 'owner'] as const
type Who = (typeof WHO)[number]

/** ok, or the code of the refusal. The message is the author's. */
const TABLE: Record<keyof typeof COMMANDS, Record<Who, string>> = {
  'message.send': {
    outsider: 'conversation.not_found',
    removed: 'conversation.not_found',
    member: 'ok',
    author: 'ok',
    owner: 'ok',
  },
  'message.edit': {
    outsider: 'message.not_found',
    removed: 'message.not_found',
    member: 'message.forbidden',
    author: 'ok',
    owner: 'message.forbidden',
  },
  'message.delete': {
    outsider: 'message.not_found',
    removed: 'message.not_found',
    member: 'message.forbidden',
    author: 'ok',
    owner: 'ok',
  },
  ping: { outsider: 'ok', removed: 'ok', member: 'ok', author: 'ok', owner: 'ok' },
}

let world: World
let people: Record<Who, Person>
let ears: Record<Who, Ear>
let home: string

beforeAll(async () => {
  world = await startWorld()
  const [outsider, removed, member, author, owner] = await world.people(...WHO)
  people = { outsider, removed, member, author, owner }
  home = (await world.group(owner, removed, member, author)).id
  ears = {
    outsider: await outsider.connect(),
    removed: await removed.connect(),
    member: await member.connect(),
    author: await author.connect(),
    owner: await owner.connect(),
  }
  await owner.delete(`/conversations/${home}/members/${removed.id}`)
})
afterAll(() => world[Symbol.asyncDispose]())

const cases = Object.entries(TABLE).flatMap(([command, row]) => WHO.map((who) => [command, who, row[who]] as const))

test.each(cases)('%s by the %s: %s', async (command, who, outcome) => {
  const message = await people.author.say(home, 'what it is about')
  const data = {
    'message.send': { conversation_id: home, content: `from the ${who}` },
    'message.edit': { message_id: message.id, content: `changed by the ${who}` },
    'message.delete': { message_id: message.id },
    ping: undefined,
  }[command]
  const reply = await ears[who].command(command, data)
  expect(reply.ok ? 'ok' : reply.error.code).toBe(outcome)
  if (outcome !== 'ok') expect(await people.author.get(`/messages/${message.id}`)).toEqual(message)
})

test('those who are not in it have heard nothing of all that', async () => {
  for (const who of ['outsider', 'removed'] as const) {
    await people[who].settled()
    const removal = ears[who].all('conversation.left')[0]?.data.seq ?? 0
    expect(ears[who].stream(home).every((frame) => (frame.seq ?? 0) < removal)).toBe(true)
  }
})
