import { randomBytes } from 'node:crypto'
import type { Db } from '../db/database.js'

const BYTES = 32

/** The secret of that name, the same on all nodes; made by whichever asks first. */
export async function readSecret(db: Db, name: string): Promise<Uint8Array> {
  await db.query
    .insertInto('secrets')
    .values({ name, value: randomBytes(BYTES) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const row = await db.query.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirstOrThrow()
  return row.value
}
