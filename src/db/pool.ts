// Connections to PostgreSQL. Everything that waits for the database is bounded here.
import type { PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import type { DatabaseConfig } from '../config.js'
import type { Logger } from '../observe.js'
import { KeptPlans, type NamedStatement } from './kept-plans.js'
import { isConnectionLost, isSilence, UnconfirmedCommit } from './sqlstate.js'

export type Pool = pg.Pool

// bigint arrives as text by default; ours (seqs, numbers, event ids) stay far below 2^53.
const INT8 = 20
/** What an answer may take longer than its statement, before the connection counts as lost. */
const NETWORK_MS = 2_000
/** What waits longer for a lock than any write of ours. */
const LOCK_MS = 5_000
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)),
}

function connection(config: DatabaseConfig, name: string): pg.ClientConfig {
  return {
    connectionString: config.url,
    application_name: name,
    connectionTimeoutMillis: config.connect_timeout_ms,
    keepAlive: true,
    types,
  }
}

export function createPool(config: DatabaseConfig, logger: Logger, name = 'earshot'): Pool {
  const pool = new pg.Pool({
    ...connection(config, name),
    max: config.pool_max,
    idleTimeoutMillis: 30_000,
    statement_timeout: config.statement_timeout_ms,
    query_timeout: config.statement_timeout_ms + NETWORK_MS,
    idle_in_transaction_session_timeout: 10_000,
    // Also while it commits, which no other time-out ends: NOTIFY takes one lock for the whole cluster, and a transaction that
    // has it may wait for a standby.
    lock_timeout: LOCK_MS,
  })
  // An idle connection that PostgreSQL ends would otherwise end the process.
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection was lost'))
  // So would one that is lost between two statements of a transaction, for which the pool has no listener of its own.
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.debug({ err: error }, 'a database connection was lost'))
  })
  return pool
}

/** Of so many connections, those that writes leave to reads, whatever happens to their commits. */
export function keptForReads(poolMax: number): number {
  return Math.ceil(poolMax / 4)
}

/** The function of PostgreSQL that tells of a commit which no standby has confirmed; its text is translated. */
const UNCONFIRMED = 'SyncRepWaitForLSN'

type Client = PostgresPoolClient & {
  query<R>(statement: NamedStatement, values: readonly unknown[]): Promise<PostgresQueryResult<R>>
}
export type SafePool = { connect(): Promise<Client>; end(): Promise<void> }

/**
 * The pool as Kysely wants it, which gives a connection back without saying that it is lost: behind a broken network it
 * would be handed out again and again, and each query would wait for its time-out. A commit that only a warning tells from
 * one that is replicated fails. `onSilent` is given the backends that may still be at work on what was given up.
 */
export function discardLost(pool: Pool, onSilent: (pid: number) => void = () => undefined): SafePool {
  const plans = new KeptPlans<pg.QueryResult>()
  return {
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect()
      let lost: Error | undefined
      let isUnconfirmed = false
      const onNotice = ({ routine }: { routine?: string | undefined }) => {
        isUnconfirmed ||= routine === UNCONFIRMED
      }
      client.on('notice', onNotice)
      const query = async (statement: string | NamedStatement, values: unknown[]) => {
        if (lost) throw lost
        isUnconfirmed = false
        try {
          const result = await plans.query(client, statement, values)
          if (isUnconfirmed) throw new UnconfirmedCommit('the wait for a standby was cancelled')
          return result
        } catch (error) {
          if (error instanceof Error && isConnectionLost(error)) lost = error
          if (isSilence(error) && 'processID' in client) onSilent(Number(client.processID))
          throw error
        }
      }
      const release = () => {
        client.removeListener('notice', onNotice)
        client.release(lost)
      }
      return Object.create(client, { query: { value: query }, release: { value: release } })
    },
  }
}

/**
 * A connection of one's own, outside the pool: the tail, the listener and the migrator need to know when it ends.
 * `stream` hands over the raw socket, for whoever must be able to destroy it.
 */
export function sessionConfig(config: DatabaseConfig, name: string): pg.ClientConfig {
  return { ...connection(config, name), query_timeout: config.statement_timeout_ms + NETWORK_MS }
}

export function createSession(config: DatabaseConfig, name: string, overrides: pg.ClientConfig = {}): pg.Client {
  return new pg.Client({ ...sessionConfig(config, name), ...overrides })
}
export type Session = pg.Client
