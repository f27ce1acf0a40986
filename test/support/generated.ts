// What is committed and yet made of something else: of a migrated database its row types and sql/schema.sql, of the code the
// pages in docs/. A test fails when the committed ones differ.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { drawPages } from './pages.js'
import { drawSchema } from './schema-picture.js'

const ROOT = join(import.meta.dirname, '../..')
const CODEGEN = join(ROOT, 'node_modules/kysely-codegen/dist/cli/bin.js')
/** What the catalog does not tell: wire JSON has the type of its schema, and a trigger gives messages their number. */
const OVERRIDES = {
  'message_wire.wire': "import('../contract/messages.js').Message",
  'user_wire.wire': "import('../contract/users.js').User",
  'member_conversation_wire.wire': "import('../contract/conversations.js').Conversation",
  'messages.number': 'Generated<number>',
}

/** Committed file -> what it should be. */
export async function generateFiles(url: string): Promise<Map<string, string>> {
  return new Map([
    ['src/db/tables.ts', await rowTypes(url)],
    ['sql/schema.sql', await withClient(url, drawSchema)],
    ...drawPages(),
  ])
}

async function rowTypes(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-tables-'))
  try {
    const file = join(folder, 'tables.ts')
    await promisify(execFile)(process.execPath, [
      CODEGEN,
      '--dialect=postgres',
      `--url=${url}`,
      `--out-file=${file}`,
      '--type-mapping={"int8":"number"}',
      `--overrides=${JSON.stringify({ columns: OVERRIDES })}`,
    ])
    return await readFile(file, 'utf8')
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
