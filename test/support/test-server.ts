// The PostgreSQL of the tests, in this order: TEST_DATABASE_URL; a container where a Docker engine answers; the embedded
// one. Each test file has a database of its own, copied from a migrated template in some 30 ms.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Config, readConfig } from '../../src/config.js'
import { EmbeddedPostgres } from '../../src/db/embedded.js'
import { migrate } from '../../src/db/migrator.js'
import { createPool } from '../../src/db/pool.js'
import { migrateJobs } from '../../src/jobs/schema.js'
import { createLogger } from '../../src/observe.js'

const logger = createLogger('fatal')

export type TestDatabase = { url: string; drop: () => Promise<void> }
export type TestServer = { url: string; createDatabase: () => Promise<TestDatabase>; stop: () => Promise<void> }

/** Starts or finds the server and makes the template. */
export async function openTestServer(): Promise<TestServer> {
  const { url, stop } = await findServer()
  const template = `earshot_template_${process.pid}`
  await withAdmin(url, async (admin) => {
    await admin.query(`drop database if exists ${template}`)
    await admin.query(`create database ${template} encoding 'UTF8' template template0`)
  })
  const database = databaseConfig(named(url, template))
  await migrate(database, logger)
  const pool = createPool(database, logger)
  await migrateJobs(pool, logger)
  await pool.end()
  return {
    url: named(url, template),
    createDatabase: () => createDatabase(named(url, template)),
    stop: async () => {
      await withAdmin(url, (admin) => admin.query(`drop database if exists ${template} with (force)`))
      await stop()
    },
  }
}

let counter = 0

/** A fresh copy of the template that `templateUrl` names. */
export async function createDatabase(templateUrl: string): Promise<TestDatabase> {
  const template = new URL(templateUrl).pathname.slice(1)
  const name = `earshot_test_${process.pid}_${counter++}`
  await withAdmin(templateUrl, (admin) =>
    admin.query(`create database ${name} template ${template} strategy file_copy`),
  )
  return {
    url: named(templateUrl, name),
    drop: async () => void (await withAdmin(templateUrl, (admin) => admin.query(`drop database ${name} with (force)`))),
  }
}

/** An empty database: for the migrator's own tests. */
export async function createEmptyDatabase(templateUrl: string): Promise<TestDatabase> {
  const empty = named(templateUrl, 'template0')
  return createDatabase(empty)
}

export function databaseConfig(url: string): ReturnType<Config['database']> {
  return readConfig({}).database(url)
}

async function findServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, stop: async () => undefined }
  return (await startContainer()) ?? (await startEmbedded())
}

async function startContainer() {
  try {
    const { getContainerRuntimeClient } = await import('testcontainers')
    await getContainerRuntimeClient()
  } catch {
    return undefined
  }
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const container = await new PostgreSqlContainer('postgres:18')
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=300'])
    .start()
  return { url: container.getConnectionUri(), stop: async () => void (await container.stop()) }
}

async function startEmbedded() {
  const dataDir = await mkdtemp(join(tmpdir(), 'earshot-test-'))
  // mkdtemp makes it 0700: as root, PostgreSQL runs as another user, who has to get in.
  await chmod(dataDir, 0o755)
  const server = new EmbeddedPostgres({ dataDir, logger, settings: { fsync: 'off', max_connections: '300' } })
  const url = await server.start()
  return {
    url,
    stop: async () => {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function withAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client(named(url, 'postgres'))
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

function named(url: string, database: string): string {
  const address = new URL(url)
  address.pathname = `/${database}`
  return address.href
}
