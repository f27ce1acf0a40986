// What members have read and received. Reports that come at the same time are written together, as messages are.
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Membership } from '../contract/memberships.js'
import type { ReportReceipts } from '../contract/receipts.js'
import type { Db } from '../db/database.js'
import { GroupCommit, type Left } from '../db/group-commit.js'

/** Where a member stands after a report, and what of it is new. */
export type Advance = {
  conversation_id: string
  read_number: number
  delivered_number: number
  read_moved: boolean
  delivered_moved: boolean
  show_read_receipts: boolean
  member_count: number
}
export type Reported = { me: Membership; advance: Advance }

type Report = ReportReceipts & { user_id: string; conversation_id: string }
/** Of what is locked there is nothing but whose it is. */
type Locked = { user_id: string; conversation_id: string; read_number: null }
type Row = Locked | ({ user_id: string } & Advance)
type Wire = { user_id: string; conversation_id: string; wire: Membership }
type Outcome = { reported: Reported | undefined }

const ADVANCE_RECEIPTS = {
  name: 'advance_receipts',
  text: 'select * from advance_receipts($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5)',
}
const READ_MEMBERSHIPS = {
  name: 'read_memberships',
  text: `
    select w.user_id, w.conversation_id, w.wire
    from unnest($1::uuid[], $2::uuid[]) as t (person, home)
    cross join lateral (
      select * from membership_wire w where w.conversation_id = t.home and w.user_id = t.person offset 0
    ) w`,
}
/** Of a report there is nothing but numbers. */
const REPORT_BYTES = 100

export class ReceiptReports {
  readonly #db: Db
  readonly #commits: GroupCommit<Report, Outcome>

  constructor(db: Db) {
    this.#db = db
    this.#commits = new GroupCommit({
      write: (reports, patient) => this.#write(reports, patient),
      // They take no lock on the conversation.
      keyOf,
      bytesOf: () => REPORT_BYTES,
      admit: () => db.admitWrite(),
    })
  }

  /**
   * Positions only grow, and a number beyond the last message means the last message. Reading implies delivery.
   * @throws AppError conversation.not_found, busy, overloaded, unavailable
   */
  async report(actor: Actor, conversationId: string, input: ReportReceipts): Promise<Reported> {
    const report = { ...input, user_id: actor.user_id, conversation_id: conversationId }
    const { reported } = await this.#commits.add(report)
    if (!reported) throw new AppError('conversation.not_found')
    return reported
  }

  async #write(reports: Report[], patient: boolean): Promise<(Outcome | Left)[]> {
    const people = reports.map(({ user_id }) => user_id)
    const homes = reports.map(({ conversation_id }) => conversation_id)
    const reads = reports.map(({ read_number }) => read_number ?? null)
    const deliveries = reports.map(({ delivered_number }) => delivered_number ?? null)
    const rows = await this.#db.call<Row>(ADVANCE_RECEIPTS, [people, homes, reads, deliveries, patient])
    const wires = await this.#db.read<Wire>(READ_MEMBERSHIPS, [people, homes])
    const advances = new Map(rows.map((row) => [keyOf(row), row]))
    const memberships = new Map(wires.map((row) => [keyOf(row), row.wire]))
    return reports.map((report) => {
      const key = keyOf(report)
      const advance = advances.get(key)
      if (advance?.read_number === null) return 'locked'
      const me = memberships.get(key)
      if (!advance || !me) return { reported: undefined }
      // Of several reports of one member, one tells what has moved.
      advances.set(key, { ...advance, read_moved: false, delivered_moved: false })
      return { reported: { me, advance } }
    })
  }
}

function keyOf({ user_id, conversation_id }: { user_id: string; conversation_id: string }): string {
  return `${user_id} ${conversation_id}`
}
