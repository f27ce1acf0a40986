// The leases of nodes: who lives, who is taken away, and how a node comes back whose lease is gone.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { App } from '../../src/app.js'
import { Clock } from '../support/clock.js'
import { startProcess } from '../support/process-node.js'
import { readMetric, startWorld, type World } from '../support/world.js'

const clock = new Clock()
let world: World
beforeAll(async () => {
  world = await startWorld({ NODE_LEASE: '2s' }, clock)
})
afterAll(() => world[Symbol.asyncDispose]())

type Node = Pick<App, 'url'>
type Listed = { id: string; self: boolean; sockets: number; started_at: string; renewed_ms_ago: number }
const health = async (node: Node): Promise<{ node_id: string; nodes: Listed[] }> =>
  JSON.parse(await (await fetch(`${node.url}/health`)).text())
const listOf = async (node: Node): Promise<Listed[]> => (await health(node)).nodes
const idsOf = async (node: Node) => (await listOf(node)).map(({ id }) => id).sort()
const query = async (text: string, values: unknown[] = []) => (await psql()).query(text, values)
let session: ReturnType<World['session']> | undefined
function psql() {
  session ??= world.session()
  return session
}
/** Until it is so: a lease of these nodes lasts 2 s. */
const becomes = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 10_000, interval: 20 })
async function addNode(settings: Record<string, string> = {}): Promise<App> {
  const node = await world.addNode(settings)
  onTestFinished(() => node.stop())
  return node
}

test('every node names all that live, itself among them; one that stops is gone at once', async () => {
  const second = await addNode()
  const both = [world.node.nodeId, second.nodeId].sort()
  // A node that starts looks who is there.
  expect(await idsOf(second)).toEqual(both)
  await becomes(() => idsOf(world.node)).toEqual(both)
  for (const node of [world.node, second]) {
    const report = await health(node)
    expect(report.node_id).toBe(node.nodeId)
    expect(report.nodes.filter((one) => one.self).map((one) => one.id)).toEqual([node.nodeId])
    expect(Math.max(...report.nodes.map((one) => one.renewed_ms_ago))).toBeLessThan(4_000)
  }
  expect(await readMetric(world.node, 'earshot_nodes')).toBe(2)
  expect(await readMetric(world.node, 'earshot_node_lease_age_seconds')).toBeLessThan(2)
  const text = async () => (await fetch(`${world.node.url}/metrics`)).text()
  expect(await text()).toContain(`earshot_node_lag_seconds{node="${second.nodeId}"}`)
  await second.stop()
  expect((await query('select id from nodes where ended_at is null')).rows).toEqual([{ id: world.node.nodeId }])
  await becomes(() => idsOf(world.node)).toEqual([world.node.nodeId])
  expect(await text()).not.toContain(second.nodeId)
})

test('how many sockets a node has is known to the others', async () => {
  const second = await addNode()
  const alice = await world.person('alice')
  await alice.connect(second.url)
  await becomes(async () => (await listOf(world.node)).find(({ id }) => id === second.nodeId)?.sockets).toBe(1)
})

test('a node that was killed is taken away after its lease, by one of the others', async () => {
  const third = await addNode()
  const dying = await startProcess(world, '0', { NODE_LEASE: '2s' })
  const { node_id } = await health(dying)
  for (const node of [world.node, third]) await becomes(() => idsOf(node)).toContain(node_id)
  await dying.kill()
  expect((await query('select from nodes where id = $1', [node_id])).rowCount).toBe(1)
  for (const node of [world.node, third]) await becomes(() => idsOf(node)).not.toContain(node_id)
  await becomes(async () => (await query('select from nodes where id = $1', [node_id])).rowCount).toBe(0)
})

test('a process that is asked to end says so, and after the grace nothing is left of it', async () => {
  const leaving = await startProcess(world, '0', { NODE_LEASE: '60s', WS_DRAIN: '1s', PRESENCE_GRACE: '2s' })
  const { node_id } = await health(leaving)
  await becomes(() => idsOf(world.node)).toContain(node_id)
  await leaving.end()
  expect((await query('select from nodes where id = $1 and ended_at is not null', [node_id])).rowCount).toBe(1)
  await becomes(() => idsOf(world.node)).not.toContain(node_id)
  await becomes(async () => (await query('select from nodes where id = $1', [node_id])).rowCount).toBe(0)
})

test('a node whose lease was taken away although it lives has another one soon, and has not started again', async () => {
  const [before] = await listOf(world.node)
  await query('delete from nodes where id = $1', [world.node.nodeId])
  await becomes(async () => (await query('select id from nodes')).rows).toEqual([{ id: world.node.nodeId }])
  const [after] = await listOf(world.node)
  expect([after?.id, after?.started_at]).toEqual([before?.id, before?.started_at])
})

test('a lease that has ended is not renewed: the node begins anew, with nothing of what it said before', async () => {
  const nobody = crypto.randomUUID()
  await query(`insert into presence_leases values ($1, $2, 'online')`, [nobody, world.node.nodeId])
  await query('update nodes set expires_at = now() where id = $1', [world.node.nodeId])
  const leases = async () => (await query('select from presence_leases where user_id = $1', [nobody])).rowCount
  await becomes(leases).toBe(0)
  await becomes(async () => (await query('select id from nodes where expires_at > now()')).rows).toEqual([
    { id: world.node.nodeId },
  ])
})

test('a node that was cut off from the database and comes back is not taken for another', async () => {
  const listener = `earshot-listener-${world.node.nodeId}`
  await query('truncate nodes, presence_leases')
  await query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [listener])
  await becomes(async () => (await query('select id from nodes')).rows).toEqual([{ id: world.node.nodeId }])
  expect(await idsOf(world.node)).toEqual([world.node.nodeId])
})
