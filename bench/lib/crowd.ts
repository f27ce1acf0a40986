// Thousands of people in groups, made by plain SQL: their passwords alone would take minutes. Their access tokens are signed
// here with the key of the server, which verifies them like any other.
import pg from 'pg'
import { AccessTokens } from '../../src/auth/access-tokens.js'
import { EndedSessions } from '../../src/auth/ended-sessions.js'
import { SigningKeys } from '../../src/auth/signing-keys.js'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { createPool } from '../../src/db/pool.js'
import { createLogger } from '../../src/observe.js'

const TOKEN_S = 6 * 3_600

export type Group = { id: string; members: string[] }

export class Crowd {
  /** For statements of the benchmark itself. */
  readonly session: pg.Client
  readonly #tokens: AccessTokens
  readonly #close: () => Promise<void>
  /** Of those whom this one adds: there may have been another crowd before. */
  readonly #name = Date.now().toString(36)
  #people = 0

  private constructor(session: pg.Client, tokens: AccessTokens, close: () => Promise<void>) {
    this.session = session
    this.#tokens = tokens
    this.#close = close
  }

  /** In a database on which a server has been started. */
  static async open(url: string): Promise<Crowd> {
    const logger = createLogger('warn')
    const pool = createPool({ url, pool_max: 2, statement_timeout_ms: 60_000, connect_timeout_ms: 5_000 }, logger)
    const { query } = new Database(pool, new Doorbell(pool, logger, () => undefined))
    const keys = new SigningKeys(query, logger, TOKEN_S)
    await keys.start()
    const session = new pg.Client(url)
    session.on('error', () => undefined)
    await session.connect()
    const tokens = new AccessTokens({ keys, ended: new EndedSessions(TOKEN_S), issuer: 'earshot', ttlS: TOKEN_S })
    return new Crowd(session, tokens, async () => {
      await keys.stop()
      await session.end()
      await pool.end()
    })
  }

  /** Their ids. */
  async addPeople(count: number): Promise<string[]> {
    const first = this.#people + 1
    this.#people += count
    const { rows } = await this.session.query<{ id: string }>(
      `insert into users (username, display_name)
       select 'crowd-' || $3 || '-' || n, 'Person ' || n from generate_series($1::integer, $2::integer) n
       returning id`,
      [first, this.#people, this.#name],
    )
    return rows.map(({ id }) => id)
  }

  async addGroups(groups: readonly string[][]): Promise<Group[]> {
    const made = groups.map((members) => ({ id: crypto.randomUUID(), members }))
    await this.session.query(
      `insert into conversations (id, type, name) select id, 'group', 'Group ' || id from unnest($1::uuid[]) id`,
      [made.map(({ id }) => id)],
    )
    await this.session.query(
      `insert into members (conversation_id, user_id) select * from unnest($1::uuid[], $2::uuid[])`,
      [made.flatMap(({ id, members }) => members.map(() => id)), made.flatMap(({ members }) => members)],
    )
    return made
  }

  /** A session of its own for each token. */
  tokensOf(people: readonly string[]): Promise<string[]> {
    return Promise.all(people.map((user_id) => this.#tokens.sign({ user_id, session_id: crypto.randomUUID() })))
  }

  /** Where the streams of these groups stand. */
  async lastSeqs(groups: readonly Group[]): Promise<Record<string, number>> {
    const { rows } = await this.session.query<{ id: string; seq: string }>(
      'select id, seq from streams where id = any ($1)',
      [groups.map(({ id }) => id)],
    )
    return Object.fromEntries(rows.map(({ id, seq }) => [id, Number(seq)]))
  }

  close(): Promise<void> {
    return this.#close()
  }
}

/** In groups of `size`, each of them in one. */
export function inGroupsOf(size: number, people: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(people.length / size) }, (_, n) => people.slice(n * size, (n + 1) * size))
}
