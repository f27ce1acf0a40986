// Where a benchmark makes its databases: the server that is given, or an embedded one that is gone afterwards.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { EmbeddedPostgres } from '../../src/db/embedded.js'
import { StartupError } from '../../src/kit/startup-error.js'
import { createLogger } from '../../src/observe.js'

/** Faster filling; what is read afterwards does not know the difference. */
const SETTINGS: Record<string, string> = { fsync: 'off', full_page_writes: 'off', max_wal_size: '4GB' }

export type Postgres = {
  url: string
  admin: pg.Client
  description: string
  /** Of the embedded one. */
  pid: number | undefined
  stop: () => Promise<void>
}

/** `settings` of the embedded one. @throws StartupError */
export async function openPostgres(databaseUrl: string | undefined, settings = SETTINGS): Promise<Postgres> {
  if (databaseUrl !== undefined) return connect(databaseUrl, 'as given', undefined, async () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'earshot-reads-'))
  // mkdtemp makes it 0700: as root, PostgreSQL runs as another user, who has to get in.
  await chmod(folder, 0o755)
  const server = new EmbeddedPostgres({ dataDir: folder, logger: createLogger('warn'), settings })
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const url = await server.start()
    return await connect(url, 'embedded', server.pid, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

type Cluster = Pick<Postgres, 'admin' | 'url'>

/** Work in a database of that name, which is new and gone afterwards. `template`: of which it is a copy. */
export async function inDatabase<T>(
  cluster: Cluster,
  name: string,
  work: (databaseUrl: string) => Promise<T>,
  template?: string,
): Promise<T> {
  try {
    return await work(await makeDatabase(cluster, name, template))
  } finally {
    await dropDatabase(cluster, name)
  }
}

/** Instead of one that an interrupted run may have left. Answers with its address. */
export async function makeDatabase(cluster: Cluster, name: string, template = 'template0'): Promise<string> {
  await dropDatabase(cluster, name)
  // Through the log, as is the default, a large one would be written twice.
  await cluster.admin.query(`create database ${name} encoding 'UTF8' template ${template} strategy file_copy`)
  return Object.assign(new URL(cluster.url), { pathname: `/${name}` }).href
}

export async function dropDatabase({ admin }: Cluster, name: string): Promise<void> {
  await admin.query(`drop database if exists ${name} with (force)`)
}

async function connect(
  url: string,
  kind: string,
  pid: number | undefined,
  stop: () => Promise<void>,
): Promise<Postgres> {
  const admin = new pg.Client(url)
  admin.on('error', () => undefined)
  await admin.connect().catch((error) => {
    throw new StartupError(`The database in --database-url does not answer (${error.message}).`)
  })
  const { rows } = await admin.query(
    `select current_setting('server_version') as version, current_setting('shared_buffers') as buffers, rolsuper
     from pg_roles where rolname = current_user`,
  )
  const end = async () => {
    await admin.end()
    await stop()
  }
  if (!rows[0].rolsuper) {
    await end()
    throw new StartupError('Give --database-url with a superuser: the rows are made past the triggers.')
  }
  return {
    url,
    admin,
    pid,
    description: `PostgreSQL ${rows[0].version} (${kind}), shared_buffers ${rows[0].buffers}`,
    stop: end,
  }
}
