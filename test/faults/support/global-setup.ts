// Once for a run: the server as it is shipped, and a stopped PostgreSQL with a migrated database to be copied.
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { readConfig } from '../../../src/config.js'
import { migrate } from '../../../src/db/migrator.js'
import { createPool } from '../../../src/db/pool.js'
import { migrateJobs } from '../../../src/jobs/schema.js'
import { createLogger } from '../../../src/observe.js'
import { makeCluster, PostgresServer, type Template } from './postgres-server.js'
import { printResults } from './results.js'

declare module 'vitest' {
  interface ProvidedContext {
    faultTemplate: Template
    /** Where each fault writes what came of it. */
    faultResults: string
  }
}

const ROOT = join(import.meta.dirname, '../../..')
let home = ''

export async function setup(project: TestProject): Promise<void> {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'build.mjs')], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the server could not be built')
  home = await mkdtemp(join(tmpdir(), 'earshot-faults-'))
  await chmod(home, 0o755)
  const template = await makeCluster(home)
  const server = await PostgresServer.on(template)
  await server.start()
  const admin = await server.connect('postgres')
  await admin.query('create database earshot')
  await admin.end()
  const database = readConfig({}).database(server.url)
  const logger = createLogger('fatal')
  await migrate(database, logger)
  const pool = createPool(database, logger)
  await migrateJobs(pool, logger)
  await pool.end()
  await server.stop()
  project.provide('faultTemplate', template)
  project.provide('faultResults', join(home, 'results.jsonl'))
}

export async function teardown(): Promise<void> {
  printResults(join(home, 'results.jsonl'))
  await rm(home, { recursive: true, force: true })
}
