// Sending: the hot write. What has no files is written together with whatever else comes meanwhile.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError, isErrorCode } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { Message, SendMessage } from '../contract/messages.js'
import type { Db } from '../db/database.js'
import { GroupCommit, type Left } from '../db/group-commit.js'
import { isRetryable, isUniqueViolation } from '../db/sqlstate.js'
import type { JsonText } from '../kit/json-text.js'
import type { Metrics } from '../observe.js'
import { typeWithFiles } from './attachments.js'
import { readText } from './message-text.js'

const CLIENT_ID = 'message_client_ids_are_unique_for_a_sender'
const SEND_MESSAGES = {
  name: 'send_messages',
  text: `select outcome, wire from send_messages(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::jsonb[], $7::text[], $8::text[], $9)`,
}

/** `wire`: as PostgreSQL has written it. */
export type Sent = { wire: JsonText<Message>; created: boolean }

type Draft = {
  actor_id: string
  conversation_id: string
  client_id: string | null
  content: string | null
  reply_to_id: string | null
  metadata: string
}
type Row = { outcome: string; wire: string | null }

export class Sends {
  readonly #db: Db
  readonly #limits: Limits
  readonly #commits: GroupCommit<Draft, Row>

  constructor(db: Db, limits: Limits, metrics: Metrics) {
    this.#db = db
    this.#limits = limits
    this.#commits = new GroupCommit({
      write: (drafts, patient) => this.#write(drafts, patient),
      keyOf: ({ conversation_id }) => conversation_id,
      bytesOf: ({ content, metadata }) => (content?.length ?? 0) + metadata.length,
      admit: () => db.admitWrite(),
      onBatch: (size) => metrics.sendBatches.observe(size),
    })
    metrics.sample(() => metrics.sendsWaiting.set(this.#commits.count))
  }

  /**
   * Acknowledged means durable: it returns after the commit. A repeat with the same client_id gets the first message.
   * @throws AppError conversation.not_found, conversation.forbidden, user.blocked, message.empty, message.too_long,
   *   message.client_id_reused, message.reply_not_found, attachment.not_found, .in_use, .not_allowed_here, busy, overloaded, unavailable
   */
  async send(actor: Actor, conversationId: string, input: SendMessage): Promise<Sent> {
    const draft = {
      actor_id: actor.user_id,
      conversation_id: conversationId,
      client_id: input.client_id ?? null,
      content: readText(input.content, input.attachment_ids.length, this.#limits),
      reply_to_id: input.reply_to_id ?? null,
      metadata: JSON.stringify(input.metadata),
    }
    const { outcome, wire } =
      input.attachment_ids.length === 0
        ? await this.#commits.add(draft)
        : await this.#sendWithFiles(actor, draft, input)
    if (wire !== null) return { wire, created: outcome === 'stored' }
    throw new AppError(isErrorCode(outcome) ? outcome : 'internal')
  }

  async #write(drafts: Draft[], patient: boolean): Promise<(Row | Left)[]> {
    const values = [...columnsOf(drafts), drafts.map(() => 'text'), drafts.map(() => '{}'), patient]
    // The same client_id may win elsewhere between our look and our insert: the second look finds it.
    const retryOn = (error: unknown) => isRetryable(error) || isUniqueViolation(error, CLIENT_ID)
    const rows = await this.#db.call<Row>(SEND_MESSAGES, values, retryOn)
    return rows.map((row) => (row.outcome === 'locked' || row.outcome === 'again' ? row.outcome : row))
  }

  /** Its files stay linkable for as long as the transaction lasts, which therefore is its own. */
  async #sendWithFiles(actor: Actor, draft: Draft, input: SendMessage): Promise<Row> {
    const { attachment_ids: files } = input
    const columns = columnsOf([draft])
    const rows = await this.#db.inLane(draft.conversation_id, () =>
      this.#db.write(actor.user_id, async (tx) => {
        const type = await typeWithFiles(tx, actor, draft.conversation_id, input)
        const [actors, homes, clients, bodies, replies, extras] = columns
        const sent = await sql<Row>`
          select outcome, wire from send_messages(
            ${actors}::uuid[], ${homes}::uuid[], ${clients}::uuid[], ${bodies}::text[], ${replies}::uuid[], ${extras}::jsonb[],
            ${[type]}::text[], ${[`{${files.join()}}`]}::text[], true)`.execute(tx)
        return sent.rows
      }),
    )
    const [row] = rows
    if (!row) throw new AppError('internal')
    if (row.outcome === 'locked') throw new AppError('busy', { retry_after_s: 1 })
    return row
  }
}

/** In the order of send_messages(). */
function columnsOf(drafts: Draft[]) {
  return [
    drafts.map(({ actor_id }) => actor_id),
    drafts.map(({ conversation_id }) => conversation_id),
    drafts.map(({ client_id }) => client_id),
    drafts.map(({ content }) => content),
    drafts.map(({ reply_to_id }) => reply_to_id),
    drafts.map(({ metadata }) => metadata),
  ] as const
}
