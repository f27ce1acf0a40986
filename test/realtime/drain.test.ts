// A node that stops lets its sockets go a few at a time, loses nothing of what they hear or say, and tells them when to come back.
import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { Ear } from '../support/ear.js'
import { startWorld } from '../support/world.js'

test('sockets leave one after the other, each with a last checkpoint, and hear everything until then', async () => {
  await using world = await startWorld({ WS_DRAIN: '1s', WS_MAX_PER_USER: '200' })
  const other = await world.addNode()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const ears = await Promise.all(Array.from({ length: 100 }, () => bob.connect()))
  expect(ears[0]?.frames[0]?.data.reconnect_within_s).toBe(1)
  const left: number[] = []
  const leaving = ears.map((ear) => ear.closed.then(() => left.push(performance.now())))
  const stopped = world.node.stop()
  // Written through another node all the while, until everybody is gone.
  let n = 0
  const said: string[] = []
  let isOver = false
  const over = Promise.all(leaving).then(() => {
    isOver = true
  })
  alice.url = other.url
  while (!isOver) {
    const text = `message ${n++}`
    await alice.say(id, text)
    said.push(text)
  }
  await Promise.all([over, stopped])
  // 100 sockets, 5 ms each: far from all at once.
  expect((left.at(-1) ?? 0) - (left[0] ?? 0)).toBeGreaterThan(200)
  for (const ear of [ears[0], ears[50], ears[99]]) {
    if (!ear) throw new Error('no socket')
    expect(await ear.closed).toMatchObject({ code: 4400 })
    expect(ear.frames.at(-1)?.type).toBe('checkpoint')
    const heard = ear
      .stream(id)
      .flatMap(({ type, data }) => (type === 'message.created' && data.content ? [data.content] : []))
    const back = await bob.resume(ear.frames.at(-1)?.data.resume, other.url)
    const rest = back
      .stream(id)
      .flatMap(({ type, data }) => (type === 'message.created' && data.content ? [data.content] : []))
    const all = [...heard, ...rest.filter((text) => !heard.includes(text))]
    expect(all).toEqual(said)
    back.cut()
  }
})

test('what is acknowledged while the node stops is stored, and what is not may be sent again', async () => {
  await using world = await startWorld({ WS_DRAIN: '1s' })
  const other = await world.addNode()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const ear = await alice.connect()
  const sent = Array.from({ length: 200 }, (_, n) => ({ client_id: crypto.randomUUID(), content: `message ${n}` }))
  for (const [n, message] of sent.entries())
    ear.socket.send(JSON.stringify({ id: `s${n}`, type: 'message.send', data: { conversation_id: id, ...message } }))
  await ear.seen(({ type }) => type === 'reply')
  await world.node.stop()
  expect((await ear.closed).code).toBe(4400)
  const acknowledged = ear.all('reply').filter(({ ok }) => ok).length
  alice.url = other.url
  for (const message of sent) await alice.post(`/conversations/${id}/messages`, message)
  const psql = await world.session()
  const { rows } = await psql.query(
    'select content, count(*)::int as times from messages where client_id = any($1) group by 1',
    [sent.map(({ client_id }) => client_id)],
  )
  expect(acknowledged).toBeGreaterThan(0)
  expect(rows).toHaveLength(sent.length)
  expect(rows.filter(({ times }) => times !== 1)).toEqual([])
})

test('a node that stops is not ready at once, and serves for as long as load balancers may take to notice', async () => {
  await using world = await startWorld({ STOP_DELAY: '3s' })
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const stopped = world.node.stop()
  expect((await fetch(`${world.node.url}/health/ready`)).status).toBe(503)
  expect((await fetch(`${world.node.url}/health/live`)).status).toBe(200)
  // Whoever is still sent here finds everything as it was.
  const ear = await bob.connect()
  await alice.say(id, 'just in time')
  expect((await ear.next('message.created', ({ data }) => data.content !== null)).data.content).toBe('just in time')
  expect((await ear.closed).code).toBe(4400)
  await stopped
  await expect(fetch(`${world.node.url}/health/live`)).rejects.toThrow()
})

test('a node that stops takes no new socket', async () => {
  await using world = await startWorld({ WS_DRAIN: '1s', WS_MAX_PER_USER: '200' })
  const alice = await world.person('alice')
  const ears = await Promise.all(Array.from({ length: 60 }, () => alice.connect()))
  const stopped = world.node.stop()
  await Promise.race(ears.map((ear) => ear.closed))
  await expect(alice.connect()).rejects.toThrow()
  await stopped
})

test('a socket that is still on its way in is told no position: it has not heard yet what it missed', async () => {
  await using world = await startWorld()
  const other = await world.addNode()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const before = await bob.position()
  await alice.say(id, 'missed')
  await alice.position()
  const psql = await world.session()
  await psql.query('begin; lock table member_spans')
  const ear = new Ear(`${world.node.url.replace('http', 'ws')}/ws?token=${bob.token}&resume=${before}`)
  await until(psql, 1)
  const stopped = world.node.stop()
  expect((await ear.closed).code).toBe(4400)
  await psql.query('rollback')
  await stopped
  expect(ear.frames).toEqual([])
  const back = await bob.resume(before, other.url)
  expect(back.stream(id).map(({ data }) => data.content)).toEqual(['missed'])
})

/** So many wait for a lock. */
async function until(psql: Client, count: number): Promise<void> {
  // Other tests wait for locks of their own databases.
  const mine = '(select oid from pg_database where datname = current_database())'
  const waiting = async () =>
    (await psql.query(`select count(*)::int as n from pg_locks where not granted and database = ${mine}`)).rows[0].n
  await expect.poll(waiting).toBe(count)
}
