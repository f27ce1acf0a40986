// Rows straight into PostgreSQL, many to a statement: no server that stores messages can be faster than this.
import pg from 'pg'
import { writeMark } from './adapters/adapter.js'

export type Inserting = { url: string; connections: number; batch: number; seconds: number; bytes: number }
export type Inserted = { seconds: number; rows: number }

const TABLE = `
  create table if not exists bare_messages (
    id bigint generated always as identity primary key,
    conversation_id uuid not null,
    sender_id uuid not null,
    content text not null,
    created_at timestamptz not null default now()
  );
  create index if not exists bare_messages_of_a_conversation on bare_messages (conversation_id, id)`

export async function insertAll({ url, connections, batch, seconds, bytes }: Inserting): Promise<Inserted> {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client(url)
      await client.connect()
      return client
    }),
  )
  const ids = Array.from({ length: 20 }, () => crypto.randomUUID())
  const pick = () => Array.from({ length: batch }, () => ids[Math.floor(Math.random() * ids.length)])
  try {
    await clients[0]?.query(TABLE)
    let rows = 0
    const began = performance.now()
    const work = async (client: pg.Client) => {
      while (performance.now() < began + seconds * 1_000) {
        await client.query({
          name: 'insert',
          text: `insert into bare_messages (conversation_id, sender_id, content)
                 select * from unnest($1::uuid[], $2::uuid[], $3::text[]) returning id, created_at`,
          values: [pick(), pick(), Array.from({ length: batch }, (_, index) => writeMark(rows + index, bytes))],
        })
        rows += batch
      }
    }
    await Promise.all(clients.map(work))
    return { seconds: (performance.now() - began) / 1_000, rows }
  } finally {
    for (const client of clients) await client.end()
  }
}
