// Several processes on one port: each is a node like any other, and together they start, fail and stop as one would.
import { createServer } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { createDatabase, type TestDatabase } from '../support/test-server.js'
import { ask, type Crew, isAlive, metricOf, pidsOf, runCrew, startCrew } from './crew.js'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(inject('templateUrl'))
})
afterAll(() => database.drop())

const start = (settings: Record<string, string> = {}) =>
  startCrew({ DATABASE_URL: database.url, ...settings }, '--workers', '2')
const errorsIn = (output: string) => output.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))
/** What is no line of the log. */
const sentencesIn = (output: string) => output.split('\n').filter((line) => line !== '' && !line.startsWith('{'))

const socketsOf = async ({ url }: Crew) => Object.values(await metricOf(url, 'earshot_sockets'))

/** Sockets at each of two workers. Two at a time: to look takes a turn of its own, and would leave every one to the same worker. */
async function connectToBoth(crew: Crew, person: Person): Promise<Ear[]> {
  const ears: Ear[] = []
  do ears.push(await person.connect(), await person.connect())
  while ((await socketsOf(crew)).filter((count) => count > 0).length < 2)
  return ears
}

/** What a test has left behind is not to be taken for what the next one does. */
async function leave(crew: Crew, person: Person): Promise<void> {
  person.disconnect()
  while ((await socketsOf(crew)).some((count) => count > 0));
}

describe('two workers', () => {
  let crew: Crew
  beforeAll(async () => {
    crew = await start()
  })
  afterAll(() => crew[Symbol.asyncDispose]())

  test('answer on one port with a node id each, and each knows of both', async () => {
    const reports = await Promise.all(Array.from({ length: 8 }, () => ask(crew.url, '/health')))
    const ids = new Set(reports.map((report) => JSON.parse(report).node_id))
    expect(ids.size).toBe(2)
    let nodes: { id: string }[] = []
    // They learn of each other when they renew their leases.
    while (nodes.length < 2) nodes = JSON.parse(await ask(crew.url, '/health')).nodes
    expect(new Set(nodes.map(({ id }) => id))).toEqual(ids)
  })

  test('expose the metrics of both, whichever is asked, each series under the number of its worker', async () => {
    for (const text of await Promise.all(Array.from({ length: 4 }, () => ask(crew.url, '/metrics')))) {
      expect(text.match(/^earshot_listener_up\b.*$/gm)?.sort()).toEqual([
        'earshot_listener_up{worker="1"} 1',
        'earshot_listener_up{worker="2"} 1',
      ])
      expect(text.match(/^# TYPE earshot_listener_up /gm)).toHaveLength(1)
    }
  })

  test('share the sockets, and what is said to one is heard at both', async () => {
    const [alice, bob] = [await crew.person('alice'), await crew.person('bob')]
    const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
    const ears = await connectToBoth(crew, bob)
    expect((await socketsOf(crew)).reduce((sum, count) => sum + count)).toBe(ears.length)
    await alice.say(id, 'to all of them')
    for (const ear of ears) await ear.next('message.created', ({ data }) => data.content === 'to all of them')
    await leave(crew, bob)
  })

  test('are replaced when they are killed, also while they hang; the other one keeps its sockets and serves meanwhile', async () => {
    const [carol, dave] = [await crew.person('carol'), await crew.person('dave')]
    const { id } = await carol.post('/conversations', { type: 'direct', user_ids: [dave.id] })
    const ears = await connectToBoth(crew, dave)
    const [killed = 0, stays = 0] = crew.pids()
    process.kill(killed, 'SIGSTOP')
    // One of them is handed to the worker that hangs.
    const asked = [ask(crew.url, '/health/live'), ask(crew.url, '/health/live'), ask(crew.url, '/health/live')]
    for (const answer of asked) answer.catch(() => undefined)
    expect(JSON.parse(await Promise.any(asked))).toEqual({ status: 'up' })
    process.kill(killed, 'SIGKILL')
    await crew.run.said('a worker has ended; another one follows')
    expect(await Promise.race(ears.map((ear) => ear.closed))).toMatchObject({ code: 1006 })
    expect(JSON.parse(await ask(crew.url, '/health/live'))).toEqual({ status: 'up' })
    await crew.begun(3)
    expect(isAlive(stays)).toBe(true)
    // The new one has the number and the port of the old one, and hears what the other one is told.
    const open = ears.filter(({ socket }) => socket.readyState === socket.OPEN)
    expect(open.length).toBeGreaterThan(0)
    expect(open.length).toBeLessThan(ears.length)
    open.push(...(await connectToBoth(crew, dave)))
    expect(Object.keys(await metricOf(crew.url, 'earshot_sockets'))).toEqual(['1', '2'])
    await carol.say(id, 'after it')
    for (const ear of open) await ear.next('message.created', ({ data }) => data.content === 'after it')
    await leave(crew, dave)
  })

  test('are replaced when they are asked to stop, too, and then do so as a node does', async () => {
    const erin = await crew.person('erin')
    const ears = await connectToBoth(crew, erin)
    process.kill(crew.pids()[1] ?? 0, 'SIGTERM')
    expect(await Promise.race(ears.map((ear) => ear.closed))).toMatchObject({ code: 4400 })
    await crew.begun(4)
    const open = ears.filter(({ socket }) => socket.readyState === socket.OPEN).length
    expect(open).toBeGreaterThan(0)
    expect(open).toBeLessThan(ears.length)
    expect(new Set(crew.pids()).size).toBe(4)
    await leave(crew, erin)
  })

  test('end well together, though a terminal or a supervisor signals each of them beside the first process', async () => {
    const frank = await crew.person('frank')
    const ears = await connectToBoth(crew, frank)
    const errors = errorsIn(crew.run.output())
    for (const pid of [...crew.pids().slice(-2), crew.run.pid]) process.kill(pid, 'SIGINT')
    for (const ear of ears) {
      expect(await ear.closed).toMatchObject({ code: 4400 })
      expect(ear.frames.at(-1)?.type).toBe('checkpoint')
    }
    expect(await crew.run.exit).toBe(0)
    expect(errorsIn(crew.run.output())).toEqual(errors)
    expect(crew.pids().filter(isAlive)).toEqual([])
    await expect(ask(crew.url, '/health/live')).rejects.toThrow('ECONNREFUSED')
  })
})

test('a second signal does not wait', async () => {
  await using crew = await start({ STOP_DELAY: '1h' })
  crew.run.kill('SIGTERM')
  await crew.run.said('earshot is stopping', 3)
  // Until then they serve, and say that they are about to go.
  expect(JSON.parse(await ask(crew.url, '/health/ready'))).toEqual({ status: 'down' })
  crew.run.kill('SIGTERM')
  expect(await crew.run.exit).toBe(1)
  expect(crew.pids().filter(isAlive)).toEqual([])
})

test('without the first process there are no workers', async () => {
  await using crew = await start()
  expect(crew.pids().filter(isAlive)).toHaveLength(2)
  crew.run.kill('SIGKILL')
  await crew.run.exit
  // They end by themselves, once they see that it is gone.
  await expect.poll(() => crew.pids().filter(isAlive)).toEqual([])
})

test('asked to stop while its workers start, it ends all of them', async () => {
  const run = runCrew({ DATABASE_URL: database.url }, 'serve', '--workers=3')
  await run.said('a worker is ready')
  run.kill('SIGTERM')
  expect(await run.exit).toBe(0)
  expect(run.output()).not.toContain('earshot is ready')
  expect(pidsOf(run).filter(isAlive)).toEqual([])
  expect(sentencesIn(run.output())).toEqual([])
})

test('when no worker can follow those that have died, it says why, once, and ends with 1', async () => {
  const closed = await createDatabase(inject('templateUrl'))
  await using crew = await startCrew({ DATABASE_URL: closed.url, WORKERS: '2' })
  const admin = new pg.Client(database.url)
  await admin.connect()
  await admin.query(`alter database ${new URL(closed.url).pathname.slice(1)} allow_connections false`)
  for (const pid of crew.pids()) process.kill(pid, 'SIGKILL')
  expect(await crew.run.exit).toBe(1)
  expect(sentencesIn(crew.run.output())).toEqual([
    expect.stringMatching(/^The database in DATABASE_URL does not answer \(.*\): start it, or correct the address\.$/),
  ])
  expect(crew.pids()).toHaveLength(2)
  await admin.end()
  await closed.drop()
})

test('a start that fails is told in one sentence, and ends with 1', async () => {
  const refusal = async (settings: Record<string, string>, ...args: string[]) => {
    const run = runCrew({ DATABASE_URL: database.url, ...settings }, ...args)
    expect(await run.exit).toBe(1)
    return sentencesIn(run.output())
  }
  const number = [expect.stringMatching(/^Set WORKERS to a valid value: .*\.$/)]
  expect(await refusal({}, '--workers', '0')).toEqual(number)
  expect(await refusal({ WORKERS: '2' }, 'serve', '--workers=many')).toEqual(number)
  expect((await refusal({}, '--workers'))[0]).toBe('There is no command "--workers". These are:')

  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const PORT = typeof address === 'object' ? String(address?.port) : ''
  expect(await refusal({ PORT, WORKERS: '3' })).toEqual([`Port ${PORT} is taken: set PORT to a free one.`])
  taken.close()
  expect(await refusal({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', WORKERS: '3' })).toEqual([
    expect.stringMatching(/^The database in DATABASE_URL does not answer/),
  ])
})
