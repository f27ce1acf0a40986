// Brings the database to what migrations/ and sql/ say, in one transaction under one advisory lock: three nodes that start
// at once do it once. Migrations are applied in order, each once; an object of sql/ again whenever its text has changed.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseConfig } from '../config.js'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import { createSession, type Session } from './pool.js'
import { isRetryable } from './sqlstate.js'

const ROOT = join(import.meta.dirname, '../..')
/** In this order: views need functions; triggers need both, and tables. */
const KINDS = ['functions', 'views', 'triggers'] as const
const LOCK_WAIT_MS = 60_000
const ATTEMPTS = 3
export const OLDEST_POSTGRES = 15

type Source = { name: string; text: string; hash: string }

export async function migrate(
  config: DatabaseConfig,
  logger: Logger,
): Promise<{ migrations: number; objects: number }> {
  const session = createSession(config, 'earshot-migrator', { query_timeout: 0 })
  // Its query fails as well; without a listener the event alone would end the process.
  session.on('error', (error) => logger.debug({ err: error }, 'the migrator lost its connection'))
  await session.connect()
  try {
    await requireSupportedServer(session)
    const done = await applyAtOnce(session)
    if (done.migrations + done.objects > 0) logger.info(done, 'the database schema was brought up to date')
    return done
  } finally {
    await session.end()
  }
}

/** Nodes of the former version go on meanwhile and take the same tables in another order: then all of it is done again. */
async function applyAtOnce(session: Session): Promise<{ migrations: number; objects: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.query(`set lock_timeout = ${LOCK_WAIT_MS}`)
      await session.query('begin')
      await session.query(`select pg_advisory_xact_lock(hashtext('earshot.migrate'))`)
      // DDL behind somebody's long transaction must not make every send queue up behind us.
      await session.query(`set local lock_timeout = '5s'`)
      await session.query('set local search_path = public')
      await session.query('set local check_function_bodies = off')
      const done = await apply(session)
      await session.query('commit')
      return done
    } catch (error) {
      if (attempt >= ATTEMPTS || !isRetryable(error instanceof Error && error.cause ? error.cause : error)) throw error
      await session.query('rollback')
    }
  }
}

async function requireSupportedServer(session: Session): Promise<void> {
  const { rows } = await session.query<{ version: string; encoding: string }>(
    `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
  )
  const major = Math.floor(Number(rows[0]?.version) / 10_000)
  if (major < OLDEST_POSTGRES) {
    throw new StartupError(
      `The database runs PostgreSQL ${major}, and Earshot needs ${OLDEST_POSTGRES} or newer: upgrade it.`,
    )
  }
  if (rows[0]?.encoding !== 'UTF8') {
    throw new StartupError(
      `The database is encoded in ${rows[0]?.encoding}: create one with ENCODING 'UTF8' for Earshot.`,
    )
  }
}

async function apply(session: Session): Promise<{ migrations: number; objects: number }> {
  await session.query(`create table if not exists schema_history (
    name text primary key, hash text not null, applied_at timestamptz not null default now())`)
  const history = await session.query<{ name: string; hash: string }>('select name, hash from schema_history')
  const applied = new Map(history.rows.map((row) => [row.name, row.hash]))

  const migrations = await readSources('migrations')
  const objects = (await Promise.all(KINDS.map((kind) => readSources(`sql/${kind}`)))).flat()
  const pending = migrations.filter((source) => !applied.has(source.name))
  const changed = objects.filter((source) => applied.get(source.name) !== source.hash)
  const known = new Set([...migrations, ...objects].map((source) => source.name))
  const foreign = [...applied.keys()].find((name) => name.startsWith('migrations/') && !known.has(name))
  if (foreign) {
    throw new StartupError(
      `The database was migrated by a newer Earshot (${foreign}): start that version, or restore a backup.`,
    )
  }
  const rewritten = migrations.find((source) => (applied.get(source.name) ?? source.hash) !== source.hash)
  if (rewritten) {
    throw new StartupError(
      `${rewritten.name} is not the one that made this database: restore its text, or use another database.`,
    )
  }
  if (pending.length + changed.length === 0) return { migrations: 0, objects: 0 }

  // A view pins the columns that it reads: ours go before the migrations and are made again after. Without cascade: a view
  // of somebody else's that reads them is refused by name, not taken away.
  const views = [...applied.keys(), ...objects.map((source) => source.name)].filter((name) =>
    name.startsWith('sql/views/'),
  )
  if (views.length > 0) {
    const names = [...new Set(views)].map((name) => name.replace(/^sql\/views\/|\.sql$/g, ''))
    await session.query(`drop view if exists ${names.join(', ')}`)
  }
  for (const source of pending) await run(session, source)
  const again = objects.filter((source) => changed.includes(source) || source.name.startsWith('sql/views/'))
  for (const source of orderViews(again)) await run(session, source)
  return { migrations: pending.length, objects: changed.length }
}

async function readSources(folder: string): Promise<Source[]> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(ROOT, folder, name), 'utf8')
      return { name: `${folder}/${name}`, text, hash: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

/** A view that reads another one comes after it. */
function orderViews(sources: Source[]): Source[] {
  const nameOf = (source: Source) => source.name.replace(/^.*\/|\.sql$/g, '')
  const ordered: Source[] = []
  const add = (source: Source) => {
    if (ordered.includes(source)) return
    if (source.name.startsWith('sql/views/')) {
      for (const other of sources) {
        if (
          other !== source &&
          other.name.startsWith('sql/views/') &&
          new RegExp(`\\b${nameOf(other)}\\b`).test(source.text)
        )
          add(other)
      }
    }
    ordered.push(source)
  }
  for (const source of sources) add(source)
  return ordered
}

async function run(session: Session, source: Source): Promise<void> {
  try {
    await session.query(source.text)
  } catch (error) {
    throw new Error(`${source.name} failed: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  await session.query(
    `insert into schema_history (name, hash) values ($1, $2)
     on conflict (name) do update set hash = excluded.hash, applied_at = now()`,
    [source.name, source.hash],
  )
}
