// The two who talk for a newcomer, on the real server. Time passes when the test lets it.
import { EventEmitter, once, setMaxListeners } from 'node:events'
import { expect, test } from 'vitest'
import { Demo } from '../../src/demo/demo.js'
import { ANSWERS, SCRIPT } from '../../src/demo/script.js'
import type { Timeline } from '../../src/sdk/client.js'
import { earshot } from '../cli/earshot.js'
import { Apps } from '../sdk/support/app.js'
import { until } from '../sdk/support/until.js'
import { startWorld } from '../support/world.js'

/** Nothing happens before `open()`, then everything at once. */
function gate() {
  const gates = new EventEmitter()
  const opened = once(gates, 'open')
  const wait = async (_ms: number, signal: AbortSignal) => {
    setMaxListeners(0, signal)
    await Promise.race([opened, once(signal, 'abort')])
    signal.throwIfAborted()
  }
  return { open: () => gates.emit('open'), wait }
}

const textsOf = ({ messages }: Timeline) =>
  messages.filter((message) => !('system' in message) || message.system === null).map(({ content }) => content)

test('a guest sees two people talk, sees them type, and is answered and read', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const typing = new Set<string>()
  const { open, wait } = gate()
  let waits = 0
  const demo = await Demo.open({
    url: world.node.url,
    wait: async (ms, signal) => {
      // A pause, then a line is written, then it is read; the first two are by one each.
      const writes = ++waits % 3 === 2 ? Math.ceil(waits / 3) : 0
      await wait(ms, signal)
      await until(() => typing.size >= Math.min(2, writes))
    },
  })
  const guest = apps.make(world.node.url)
  await guest.signIn({ login: demo.guest?.username ?? '', password: demo.guest?.password ?? '' })
  await guest.start()
  expect(guest.conversations.map(({ id }) => id)).toEqual([demo.conversationId])
  const timeline = await guest.open(demo.conversationId)
  guest.on('signal', ({ type, data }) => void (type === 'typing.started' && typing.add(data.user_id)))

  open()
  const script = SCRIPT.map(({ text }) => text)
  await until(() => textsOf(timeline).length >= script.length)
  expect(textsOf(timeline)).toEqual(script)

  const { number } = await guest.send(demo.conversationId, 'Hello!')
  await until(() => textsOf(timeline).length === script.length + 2)
  expect(timeline.messages.at(-1)).toMatchObject({ content: ANSWERS[0], reply_to: { number, excerpt: 'Hello!' } })
  const readers = async () => {
    const { data } = await guest.call('GET /conversations/{id}/receipts', { path: { id: demo.conversationId } })
    return data.filter(({ user_id, read_number }) => user_id !== guest.me?.id && (read_number ?? 0) >= number).length
  }
  await expect.poll(readers).toBe(2)
  demo.stop()
  await demo.over
})

test('somebody who has an account is brought into the room, and no guest is made', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const alice = await world.person('alice')
  const demo = await Demo.open({ url: world.node.url, guestId: alice.id, wait: gate().wait })
  expect(demo.guest).toBeUndefined()
  const app = await apps.of(alice)
  expect(app.conversations[0]).toMatchObject({ id: demo.conversationId, member_count: 3 })
  demo.stop()
  await demo.over
})

test('it ends in the middle when it is stopped, and when the room is deleted', async () => {
  await using world = await startWorld()
  const stopped = await Demo.open({ url: world.node.url, wait: gate().wait })
  stopped.stop()
  await stopped.over

  const deleted = await Demo.open({ url: world.node.url, wait: gate().wait })
  const session = await world.session()
  await session.query('update conversations set deleted_at = now() where id = $1', [deleted.conversationId])
  await deleted.over
})

test('a character who is signed out does not go on in silence', async () => {
  await using world = await startWorld()
  const demo = await Demo.open({ url: world.node.url, wait: gate().wait })
  const session = await world.session()
  await session.query(
    `update sessions set ended_at = now(), end_reason = 'ended' where user_id in (select id from users where username like 'tomas-%')`,
  )
  await expect(demo.over).rejects.toThrow('signed out')
})

test('a guest who does not exist is refused, and nobody goes on talking', async () => {
  await using world = await startWorld()
  const nobody = Demo.open({ url: world.node.url, guestId: crypto.randomUUID(), wait: gate().wait })
  await expect(nobody).rejects.toMatchObject({ code: 'user.not_found' })
})

test('earshot demo says how to come in, and ends at Ctrl+C; without a server it says so in a sentence', async () => {
  await using world = await startWorld()
  const run = earshot({}, 'demo', '--url', world.node.url)
  await run.said('Sign in there as guest-')
  run.kill('SIGINT')
  expect(await run.exit, run.output()).toBe(0)

  const nowhere = earshot({}, 'demo', '--url', 'http://127.0.0.1:9')
  expect(await nowhere.exit).toBe(1)
  expect(nowhere.output()).toContain('No Earshot answers at http://127.0.0.1:9')
  expect(nowhere.output()).not.toContain('at async')
})

test('they leave some time after they have said all, and not before', async () => {
  await using world = await startWorld()
  const waits: number[] = []
  const demo = await Demo.open({
    url: world.node.url,
    lingers_ms: 600_000,
    wait: async (ms) => void waits.push(ms),
  })
  await demo.over
  expect(waits.at(-1)).toBe(600_000)
  // Three for each line: a pause, the writing, the reading.
  expect(waits.length).toBe(3 * SCRIPT.length + 1)
})
