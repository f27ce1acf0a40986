// Reports of what was read and received: stored first, then shown live to the others. Who misses that reads it again.
import type { Actor } from '../auth/actor.js'
import { HARD } from '../contract/limits.js'
import type { Membership } from '../contract/memberships.js'
import type { ReadConversations, ReadOutcome, ReportReceipts } from '../contract/receipts.js'
import type { Db } from '../db/database.js'
import type { Advance, ReceiptReports } from '../domain/receipt-reports.js'
import { readConversations } from '../domain/unread.js'
import type { Signals } from './signals.js'

type ReceiptServices = { db: Db; receipts: ReceiptReports; signals: Signals }

/** @throws AppError conversation.not_found */
export async function reportReceipts(
  { receipts, signals }: Pick<ReceiptServices, 'receipts' | 'signals'>,
  actor: Actor,
  { conversation_id, ...input }: ReportReceipts & { conversation_id: string },
): Promise<Membership> {
  const { me, advance } = await receipts.report(actor, conversation_id, input)
  show(signals, actor, advance)
  return me
}

/** All of the actor's conversations, or those that are named. */
export async function reportAllRead(
  { db, signals }: Pick<ReceiptServices, 'db' | 'signals'>,
  actor: Actor,
  input: ReadConversations,
): Promise<ReadOutcome> {
  const { outcome, advances } = await readConversations(db, actor, input)
  for (const advance of advances) show(signals, actor, advance)
  return outcome
}

/** Nobody is told of what they would not see, and in a large conversation nobody at all. */
function show(signals: Signals, actor: Actor, advance: Advance): void {
  const visible = advance.delivered_moved || (advance.read_moved && advance.show_read_receipts)
  if (!visible || advance.member_count > HARD.live_receipts_members) return
  const { conversation_id, delivered_number } = advance
  const read_number = advance.show_read_receipts ? advance.read_number : null
  signals.publish({
    type: 'receipt.updated',
    stream: conversation_id,
    data: { user_id: actor.user_id, read_number, delivered_number },
  })
}
