// The statements of a read as the server sends them: its own functions run on a connection that writes down what it is asked.
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { DB } from '../../src/db/tables.js'
import { listConversations } from '../../src/domain/conversations.js'
import { listMessages } from '../../src/domain/messages.js'

export type Statement = { text: string; values: unknown[] }
export type Reads = { conversations: Statement[]; messages: Statement[] }

/** What `GET /conversations` and `GET /conversations/{id}/messages` run for this reader, in this order. */
export async function recordReads(session: pg.Client, readerId: string, greatId: string): Promise<Reads> {
  const recorded: Statement[] = []
  const connection = {
    query: (text: string, values: unknown[]) => {
      recorded.push({ text, values })
      return session.query(text, values)
    },
    release: () => undefined,
  }
  const pool = { connect: async () => connection, end: async () => undefined }
  const unused = async () => {
    throw new Error('a read writes nothing')
  }
  const db = {
    query: new Kysely<DB>({ dialect: new PostgresDialect({ pool: pool as never }) }),
    read: unused,
    write: unused,
    call: unused,
    inLane: unused,
    admitWrite: () => undefined,
  }
  const actor = { user_id: readerId, session_id: crypto.randomUUID() }
  await listConversations(db, actor, { limit: 50, archived: 'exclude' })
  const conversations = recorded.splice(0)
  await listMessages(db, actor, greatId, { limit: 50 })
  return { conversations, messages: recorded.splice(0) }
}

export async function runStatements(session: pg.Client, statements: readonly Statement[]): Promise<void> {
  for (const { text, values } of statements) await session.query(text, values)
}

/** The plan of each statement, for its values and for any values. */
export async function explainReads(session: pg.Client, reads: Reads, when: string): Promise<string> {
  const parts: string[] = []
  for (const [read, statements] of Object.entries(reads)) {
    for (const statement of statements) {
      parts.push(
        `=== ${read}: ${when}`,
        statement.text,
        '--- planned for these values',
        await explain(session, statement),
        '--- planned for any values',
        await explainGeneric(session, statement),
        '',
      )
    }
  }
  return parts.join('\n')
}

async function explain(session: pg.Client, { text, values }: Statement): Promise<string> {
  return lines(await session.query(`explain (analyze, buffers) ${text}`, values))
}

async function explainGeneric(session: pg.Client, statement: Statement): Promise<string> {
  return lines(await explainForAnyValues(session, statement, 'analyze, buffers'))
}

/** As PostgreSQL may plan a prepared statement. EXPLAIN itself always knows the values that it is given. */
export async function explainForAnyValues(
  session: pg.Client,
  { text, values }: Statement,
  options: string,
): Promise<pg.QueryResult> {
  const literals = values.map((value) => (value === null ? 'null' : pg.escapeLiteral(String(value))))
  await session.query('set plan_cache_mode = force_generic_plan')
  await session.query(`prepare explained as ${text}`)
  const result = await session.query(`explain (${options}) execute explained (${literals.join(', ')})`)
  await session.query('deallocate explained; reset plan_cache_mode')
  return result
}

function lines({ rows }: pg.QueryResult): string {
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
