// A node that cannot read the log while others can: its clients are better off there. Where no node can, they stay.
import { expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import { Ear } from '../support/ear.js'
import { fetchJson } from '../support/person.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { startWorld, type World } from '../support/world.js'

const SETTINGS = { WS_STALE: '2s', NODE_LEASE: '3s', DATABASE_STATEMENT_TIMEOUT: '1s' }

/** One more node, whose tail alone can be kept from reading. */
async function addNode(world: World) {
  const proxy = await TcpProxy.open(world.database.url)
  const node = await world.addNode({ ...SETTINGS, DATABASE_URL: proxy.through(world.database.url) })
  return {
    node,
    proxy,
    deafen: () => {
      proxy.intercept = (chunk, from) => from === 'client' && chunk.includes('tail_read')
    },
    heal: () => {
      proxy.intercept = undefined
    },
  }
}

/** A socket that may be refused, in which case it hears nothing. */
const dial = (url: string, token: string) => new Ear(`${url.replace('http', 'ws')}/ws?token=${token}`)

test('the sockets of a node that is behind alone are let go to the others, and nobody comes in until it can read again', async () => {
  const clock = new Clock()
  await using world = await startWorld(SETTINGS, clock)
  const { node, proxy, deafen, heal } = await addNode(world)
  const alice = await world.person('alice')
  const [bob, carol] = [await world.person('bob', node), await world.person('carol', node)]
  const { id } = await world.group(alice, bob, carol)
  const ears = [await bob.connect(), await carol.connect()]
  await Promise.all([bob.settled(), carol.settled()])
  deafen()
  for (const ear of ears) await ear.next('stale')
  // That it is over in a moment is waited for first.
  expect(ears.map((ear) => ear.isOpen)).toEqual([true, true])
  const areOpen = () => {
    clock.pass(31)
    return ears.map((ear) => ear.isOpen)
  }
  await expect.poll(areOpen, { timeout: 20_000 }).toEqual([false, false])
  for (const ear of ears) {
    expect(await ear.closed).toMatchObject({ code: 4410 })
    expect(ear.frames.at(-1)?.type).toBe('checkpoint')
  }
  const refused = dial(node.url, bob.token)
  expect(await refused.closed).toMatchObject({ code: 4410 })
  expect(refused.frames).toEqual([])
  expect((await fetch(`${node.url}/health/ready`)).status).toBe(503)

  await alice.say(id, 'said meanwhile')
  const token = ears[0]?.all('checkpoint').at(-1)?.data.resume
  const elsewhere = await bob.resume(token, world.node.url)
  expect(elsewhere.all('message.created').map(({ data }) => data.content)).toContain('said meanwhile')
  heal()
  const comesIn = async () => {
    const ear = dial(node.url, carol.token)
    const isIn = await Promise.race([
      ear.closed.then(() => false),
      ear.next('hello').then(
        () => true,
        () => false,
      ),
    ])
    ear.cut()
    return isIn
  }
  await expect.poll(comesIn, { timeout: 20_000 }).toBe(true)
  proxy.close()
})

test('where no node can read the log, nobody is let go', async () => {
  const clock = new Clock()
  await using world = await startWorld(SETTINGS, clock)
  const [one, other] = [await addNode(world), await addNode(world)]
  const bob = await world.person('bob', one.node)
  const carol = await world.person('carol', other.node)
  await world.node.stop()
  const ears = [await bob.connect(), await carol.connect()]
  one.deafen()
  other.deafen()
  for (const ear of ears) await ear.next('stale')
  // Until each has been told by the other that it is behind as well, and long after.
  const report = async () => {
    const reports = await Promise.all([one, other].map(({ node }) => fetchJson(node.url, 'GET', `${node.url}/health`)))
    const lags = reports.flatMap(({ body }) => body.nodes.map((node: { lag_ms: number }) => node.lag_ms))
    return lags.length === 4 && lags.every((lag) => lag > 4_000)
  }
  await expect.poll(report, { timeout: 20_000 }).toBe(true)
  for (let minute = 0; minute < 5; minute++) {
    clock.pass(60)
    expect(await ears[0]?.command('ping')).toMatchObject({ ok: true })
    expect(await ears[1]?.command('ping')).toMatchObject({ ok: true })
  }
  one.proxy.close()
  other.proxy.close()
})
