// What a database no longer has that it had acknowledged: an older copy of it, or a standby that was behind.
import { expect } from 'vitest'
import type { Stage } from './stage.js'
import type { Read, Send, Workload } from './workload.js'

/** How much was acknowledged at a moment. */
export type Mark = { sends: Set<Send>; reads: number }
export type Losses = { sends: Send[]; reads: Read[] }

/** What is acknowledged now must be there whatever comes. */
export function mark({ sends, reads }: Workload): Mark {
  return { sends: new Set(sends.filter(isAcknowledged)), reads: reads.length }
}

/** What the present database lacks of all that was acknowledged until now; nothing of it from before the mark. */
export async function lossesSince(stage: Stage, workload: Workload, since: Mark): Promise<Losses> {
  // First what was said, then what is there: what is acknowledged meanwhile is there.
  const sends = workload.sends.filter(isAcknowledged)
  const reads = [...workload.reads]
  const ids = sends.map(({ outcome }) => (outcome && 'id' in outcome ? outcome.id : ''))
  const { rows } = await stage.sql.query('select id from messages where id = any($1::uuid[])', [ids])
  const there = new Set(rows.map(({ id }) => id))
  const lost = sends.filter((_, n) => !there.has(ids[n]))
  const positions = (await stage.sql.query('select user_id, conversation_id, read_number from members')).rows
  const read = new Map(positions.map((row) => [`${row.user_id} ${row.conversation_id}`, row.read_number]))
  const unread = reads.filter((one) => (read.get(`${one.user} ${one.conversation}`) ?? 0) < one.read_number)
  expect(lost.filter((send) => since.sends.has(send))).toEqual([])
  expect(unread.filter((one) => reads.indexOf(one) < since.reads)).toEqual([])
  return { sends: lost, reads: unread }
}

function isAcknowledged({ outcome }: Send): boolean {
  return outcome !== undefined && 'id' in outcome
}
