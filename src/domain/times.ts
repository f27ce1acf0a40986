import { sql } from 'kysely'
import { AppError } from '../contract/errors.js'
import type { Tx } from '../db/database.js'

/** By the database's clock, which also ends what it is the end of. @throws AppError request.time_past, with the field */
export async function requireTimeToCome(tx: Tx, field: string, time: string | null | undefined): Promise<void> {
  if (time == null) return
  const { rows } = await sql<{ past: boolean }>`select ${time}::timestamptz <= clock_timestamp() as past`.execute(tx)
  if (!rows[0]?.past) return
  throw new AppError('request.time_past', {
    errors: [{ path: field, code: 'past', message: 'must be a time to come' }],
  })
}
