import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { EmbeddedPostgres } from '../../src/db/embedded.js'
import {
  isRoot,
  listen,
  makeFolder,
  makeUsedFolder,
  query,
  run,
  startInChild,
  startServer,
} from './embedded-servers.js'

test('a cold start makes a UTF-8 cluster with the builtin provider that keeps its word to disk', async () => {
  const { url } = await startServer(await makeFolder(), {})
  const [database] = await query(
    url,
    `select current_user, current_database(), pg_encoding_to_char(encoding) as encoding, datlocprovider, datlocale, datcollate
     from pg_database where datname = current_database()`,
  )
  expect(database).toEqual({
    current_user: 'earshot',
    current_database: 'earshot',
    encoding: 'UTF8',
    datlocprovider: 'b',
    datlocale: 'C.UTF-8',
    datcollate: 'C.UTF-8',
  })
  const settings = await query(
    url,
    "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories')",
  )
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: 'on',
    synchronous_commit: 'on',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
  })
})

test('nobody gets in without the password, which only its owner may read', async () => {
  const dataDir = await makeFolder()
  const { url } = await startServer(dataDir)
  const wrong = new URL(url)
  wrong.password = 'guess'
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(join(dataDir, 'postgres-18.password'))).mode & 0o777).toBe(0o600)
})

test('a second start finds the data, the password and the port of the first', async () => {
  const { postgres, url } = await startServer(await makeUsedFolder())
  await query(url, 'create table kept as select 42 as answer')
  await postgres.stop()
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(await postgres.start()).toBe(url)
  expect(await query(url, 'select * from kept')).toEqual([{ answer: 42 }])
})

test('stop may be called twice, at once or one after the other, and before any start', async () => {
  const { postgres, url } = await startServer(await makeUsedFolder())
  await Promise.all([postgres.stop(), postgres.stop()])
  await postgres.stop()
  expect(postgres.pid).toBeUndefined()
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await new EmbeddedPostgres({ dataDir: await makeUsedFolder(), logger: listen().logger }).stop()
})

test('a stop during the start leaves no server behind', async () => {
  const dataDir = await makeUsedFolder()
  const { postgres } = await startServer(dataDir)
  await postgres.stop()
  const start = expect(postgres.start()).rejects.toThrow()
  await postgres.stop()
  await start
  expect(await readdir(join(dataDir, 'postgres-18'))).not.toContain('postmaster.pid')
})

test('another port is taken when somebody sits on the last one', async () => {
  const { postgres, url } = await startServer(await makeUsedFolder())
  await postgres.stop()
  const squatter = createServer().listen(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void squatter.close())
  await once(squatter, 'listening')
  const second = await postgres.start()
  expect(new URL(second).port).not.toBe(new URL(url).port)
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a server killed with -9 comes back on its port with everything committed, and stays away after stop', async () => {
  const { postgres, url, heard } = await startServer(await makeUsedFolder(), {})
  await query(url, 'create table kept as select 42 as answer')
  const killed = postgres.pid
  process.kill(killed ?? 0, 'SIGKILL')
  await heard('the embedded PostgreSQL is back')
  expect(await query(url, 'select * from kept')).toEqual([{ answer: 42 }])
  expect(postgres.pid).not.toBe(killed)

  await postgres.stop()
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a backend killed with -9 makes the server restart itself: it is held on to, not started twice', async () => {
  const { postgres, url, heard } = await startServer(await makeUsedFolder())
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const before = postgres.pid
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
  await heard('the embedded PostgreSQL is back')
  expect(postgres.pid).toBe(before)
})

test('a server whose node was killed with -9 is adopted by the next start and ended by its stop', async () => {
  const dataDir = await makeUsedFolder()
  const orphan = await startInChild(dataDir)
  await query(orphan.url, 'create table kept as select 42 as answer')
  orphan.child.kill('SIGKILL')
  await once(orphan.child, 'exit')
  expect(await query(orphan.url, 'select * from kept')).toEqual([{ answer: 42 }])

  const { postgres, url } = await startServer(dataDir)
  expect([postgres.pid, url]).toEqual([orphan.pid, orphan.url])
  await postgres.stop()
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('an adopted orphan that is killed comes back as well', async () => {
  const dataDir = await makeUsedFolder()
  const orphan = await startInChild(dataDir)
  orphan.child.kill('SIGKILL')
  await once(orphan.child, 'exit')
  const { url, heard } = await startServer(dataDir)
  // The read end of its stderr went with node: to complain must not kill it.
  await expect(query(url, 'select 1/0')).rejects.toMatchObject({ code: '22012' })
  process.kill(orphan.pid, 'SIGKILL')
  await heard('the embedded PostgreSQL is back')
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a second node shares the server: the stop of either leaves it to the other, the last one ends it', async () => {
  const dataDir = await makeUsedFolder()
  const first = await startInChild(dataDir)
  const second = await startServer(dataDir)
  expect(second.url).toBe(first.url)
  await second.postgres.stop()
  expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }])

  await second.postgres.start()
  first.child.kill('SIGTERM')
  await once(first.child, 'exit')
  expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await second.postgres.stop()
  await expect(query(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('nodes that start together in an empty folder share one cluster and one server', async () => {
  const dataDir = await makeFolder()
  const servers = await Promise.all([startServer(dataDir), startServer(dataDir), startServer(dataDir)])
  expect(new Set(servers.map(({ url }) => url)).size).toBe(1)
  expect(new Set(servers.map(({ postgres }) => postgres.pid)).size).toBe(1)
  expect((await readdir(dataDir)).sort()).toEqual(['postgres-18', 'postgres-18.password'])

  await Promise.all(servers.map(({ postgres }) => postgres.stop()))
  await expect(query(servers[0].url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a stale postmaster.pid is no obstacle, even when its number now belongs to somebody else', async () => {
  const dataDir = await makeUsedFolder()
  const cluster = join(dataDir, 'postgres-18')
  const pidFile = join(cluster, 'postmaster.pid')
  const { postgres, url } = await startServer(dataDir)
  const content = await readFile(pidFile, 'utf8')
  const owner = await stat(cluster)
  await postgres.stop()

  // PostgreSQL itself refuses to start when the number belongs to a process of its own user.
  const somebody = spawn('tail', ['-f', '/dev/null'], isRoot ? { uid: owner.uid, gid: owner.gid } : {})
  onTestFinished(() => void somebody.kill('SIGKILL'))
  await once(somebody, 'spawn')
  for (const stale of [content, content.replace(/^\d+/, String(somebody.pid))]) {
    await writeFile(pidFile, stale)
    expect(await postgres.start()).toBe(url)
    await postgres.stop()
  }
  expect(somebody.exitCode).toBeNull()

  await writeFile(pidFile, '')
  await utimes(pidFile, new Date(0), new Date(0))
  expect(await postgres.start()).toBe(url)
})

test('a copy of a folder in use gets a server of its own', async () => {
  const original = await startServer(await makeUsedFolder())
  const copy = await makeFolder()
  await query(original.url, 'checkpoint')
  await run('cp', ['-a', `${original.dataDir}/.`, copy])
  const { url, postgres } = await startServer(copy)
  expect(url).not.toBe(original.url)
  await postgres.stop()
  expect(await query(original.url, 'select 1 as one')).toEqual([{ one: 1 }])
})
