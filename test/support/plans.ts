import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Db } from '../../src/db/database.js'
import type { DB } from '../../src/db/tables.js'

/** A node of EXPLAIN (ANALYZE, FORMAT JSON). */
type Plan = {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  Plans?: Plan[]
}

/** Rows that a plan has touched, in all its nodes. */
export function touched(plan: Plan): number {
  const own =
    (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Join Filter'] ?? 0)) *
    plan['Actual Loops']
  return own + (plan.Plans ?? []).reduce((sum, child) => sum + touched(child), 0)
}

/** What `work` answers, and how many rows its statements touch when they are all explained. */
export async function recordSql<T>(
  session: pg.Client,
  work: (db: Db) => Promise<T>,
): Promise<{ result: T; rows: number }> {
  let rows = 0
  const pool = {
    end: async () => undefined,
    connect: async () => ({
      release: () => undefined,
      query: async (text: string, values: unknown[]) => {
        const explained = await session.query(`explain (analyze, format json) ${text}`, values)
        rows += touched(explained.rows[0]['QUERY PLAN'][0].Plan)
        return session.query(text, values)
      },
    }),
  }
  const query = new Kysely<DB>({ dialect: new PostgresDialect({ pool: pool as never }) })
  const result = await work({ query } as Db)
  return { result, rows }
}
