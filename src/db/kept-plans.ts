// Statements whose plan a connection keeps: to plan the views takes several times as long as to read a page of them.
import { hash } from 'node:crypto'
import { sql } from 'kysely'

const MARK = '/* plan is kept */'
/** At the head of a statement. Only where there are a few texts, and where a plan for any values is as good as one for these. */
export const KEEP_PLAN = sql.raw(MARK)
/** A plan that was made while the tables were small must not last. */
const KEPT_MS = 10_000
/** A pooler in front gives each statement to another connection: it is not there, or there already. */
const NOT_OURS = ['26000', '42P05']

/** Each connection parses and plans it once. */
export type NamedStatement = { readonly name: string; readonly text: string }
type Query = string | { name: string; text: string; values: unknown[] }
export type Connection<R> = { query(query: Query, values?: unknown[]): Promise<R> }

/** For the connections of one pool. */
export class KeptPlans<R> {
  readonly #plannedAt = new WeakMap<Connection<R>, number>()
  #isPooled = false

  query(connection: Connection<R>, statement: string | NamedStatement, values: unknown[]): Promise<R> {
    const kept = typeof statement === 'string' ? named(statement) : statement
    if (kept && !this.#isPooled) return this.#queryKept(connection, kept, values)
    return connection.query(typeof statement === 'string' ? statement : statement.text, values)
  }

  async #queryKept(connection: Connection<R>, { name, text }: NamedStatement, values: unknown[]): Promise<R> {
    const now = Date.now()
    const age_ms = now - (this.#plannedAt.get(connection) ?? now)
    if (age_ms < 0 || age_ms >= KEPT_MS) await connection.query('discard plans')
    if (age_ms <= 0 || age_ms >= KEPT_MS) this.#plannedAt.set(connection, now)
    try {
      return await connection.query({ name, text, values })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && NOT_OURS.includes(String(error.code)))) throw error
      this.#isPooled = true
      return connection.query(text, values)
    }
  }
}

function named(text: string): NamedStatement | undefined {
  return text.startsWith(MARK) ? { name: `kept ${hash('sha256', text)}`.slice(0, 63), text } : undefined
}
