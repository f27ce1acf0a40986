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

export type Postgres = { url: string; admin: pg.Client; description: string; stop: () => Promise<void> }

/** `settings` of the embedded one. @throws StartupError */
export async function openPostgres(databaseUrl: string | undefined, settings = SETTINGS): Promise<Postgres> {
  if (databaseUrl !== undefined) return connect(databaseUrl, 'as given', async () => undefined)
  const folder = await mkdtemp(join(tmpdir(), 'earshot-reads-'))
  // mkdtemp makes it 0700: as root, PostgreSQL runs as another user, who has to get in.
  await chmod(folder, 0o755)
  const server = new EmbeddedPostgres({ dataDir: folder, logger: createLogger('warn'), settings })
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return await connect(await server.start(), 'embedded', stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function connect(url: string, kind: string, stop: () => Promise<void>): Promise<Postgres> {
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
    description: `PostgreSQL ${rows[0].version} (${kind}), shared_buffers ${rows[0].buffers}`,
    stop: end,
  }
}
