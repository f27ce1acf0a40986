import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD, type Limits } from '../contract/limits.js'
import type { DeleteMessage, EditMessage, ListMessages, Message, Messages } from '../contract/messages.js'
import type { Db, Tx } from '../db/database.js'
import { KEEP_PLAN } from '../db/kept-plans.js'
import type { JsonText } from '../kit/json-text.js'
import { type MessageFacts, whyNotDelete, whyNotEdit } from './access.js'
import { type Here, requireMembership } from './membership.js'
import { readText } from './message-text.js'
import { lockConversations } from './streams.js'
import { addSystemMessages } from './system-messages.js'

/** `wires`: the messages as JSON, in ascending order, with commas between them. */
type Page = { is_member: boolean; more: boolean; length: number; wires: string }

/** As PostgreSQL writes it: to read and to write fifty messages anew takes as long as everything else. @throws AppError conversation.not_found */
export async function listMessages(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: ListMessages,
): Promise<JsonText<Messages>> {
  const { limit } = input
  const isMember = sql`exists (
    select from members me join conversations c on c.id = me.conversation_id and c.deleted_at is null
    where me.conversation_id = ${conversationId} and me.user_id = ${actor.user_id})`
  const read = async (bound: 'before' | 'after', number: number | undefined, count: number) => {
    const [side, order] = bound === 'before' ? [sql`<`, sql`desc`] : [sql`>`, sql`asc`]
    // The page is chosen by the index of numbers, marks and messages are then looked up by their keys. Joined freely, the
    // planner may read all that the actor has ever hidden, or sort the whole conversation. The limit that stands there says
    // to a plan for any values how few there can be.
    const { rows } = await sql<Page>`${KEEP_PLAN}
      with page as (
        select m.id, m.number
        from (
          select m.id, m.number
          from messages m
          where m.conversation_id = ${conversationId} ${number === undefined ? sql`` : sql`and m.number ${side} ${number}`}
            and ${isMember}
            and not exists (
              select from hidden_messages h where h.user_id = ${actor.user_id} and h.message_id = m.id offset 0)
          order by m.number ${order}
          limit ${sql.lit(HARD.page + 1)}) m
        order by m.number ${order}
        limit ${count + 1}
      )
      select ${isMember} as is_member, (select count(*) from page) > ${count} as more, count(*)::int as length,
        coalesce(string_agg(w.wire::text, ',' order by p.number), '') as wires
      from (select page.id, page.number from page order by page.number ${order} limit ${count}) p
      cross join lateral (select w.wire from message_wire w where w.id = p.id offset 0) w`.execute(db.query)
    const page = rows[0]
    if (!page?.is_member) throw new AppError('conversation.not_found')
    return page
  }
  const answer = (wires: string[], has_before: boolean, has_after: boolean): JsonText<Messages> =>
    `{"data":[${wires.filter((wire) => wire !== '').join(',')}],"has_before":${has_before},"has_after":${has_after}}`
  if (input.around !== undefined) {
    const older = await read('before', input.around + 1, Math.ceil(limit / 2))
    const newer = await read('after', input.around, limit - older.length)
    return answer([older.wires, newer.wires], older.more, newer.more)
  }
  if (input.after !== undefined) {
    const { wires, more } = await read('after', input.after, limit)
    return answer([wires], input.after > 0, more)
  }
  const { wires, more } = await read('before', input.before, limit)
  return answer([wires], more, input.before !== undefined)
}

/** @throws AppError message.not_found, also for a message of a conversation that is not the actor's */
export async function readMessage(db: Tx | Db['query'], actor: Actor, id: string): Promise<Message> {
  const row = await ownMessages(db, actor).where('w.id', '=', id).executeTakeFirst()
  if (!row) throw new AppError('message.not_found')
  return row.wire
}

/** @throws AppError message.not_found, .forbidden, .not_editable, .edit_window_over, .empty, .too_long, user.blocked */
export function editMessage(db: Db, actor: Actor, id: string, input: EditMessage, limits: Limits): Promise<Message> {
  return db.write(actor.user_id, async (tx) => {
    const { message, here } = await lockMessage(tx, actor, id)
    const refusal = whyNotEdit(actor, here, message, limits, message.now)
    if (refusal) throw new AppError(refusal)
    const content = readText(input.content, message.attachment_count, limits)
    await tx
      .updateTable('messages')
      .set({ content, edited_at: sql`clock_timestamp()` })
      .where('id', '=', id)
      .where('content', 'is distinct from', content)
      .execute()
    return readWire(tx, id)
  })
}

/** For everyone: the message keeps its place and loses its content. Repeating it changes nothing. */
export function deleteMessage(
  db: Db,
  actor: Actor,
  id: string,
  input: DeleteMessage,
  limits: Limits,
): Promise<Message> {
  return db.write(actor.user_id, async (tx) => {
    const { message, here } = await lockMessage(tx, actor, id)
    if (!message.deleted_at) {
      const refusal = whyNotDelete(actor, here.role, message, limits, message.now)
      if (refusal) throw new AppError(refusal)
      await tx
        .updateTable('messages')
        .set({
          content: null,
          metadata: '{}',
          deleted_at: sql`clock_timestamp()`,
          deleted_by: actor.user_id,
          delete_reason: input.reason ?? null,
        })
        .where('id', '=', id)
        .execute()
      if (message.sender_id !== actor.user_id) {
        // The reason is kept with the message and not told.
        const params = { actor_id: actor.user_id, user_id: message.sender_id, number: message.number }
        await addSystemMessages(tx, message.conversation_id, [{ kind: 'message_deleted', params }])
      }
    }
    return readWire(tx, id)
  })
}

/** For the actor alone, on all their devices. */
export async function hideMessage(db: Db, actor: Actor, id: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    const found = await findOwnMessage(tx, actor, id)
    await tx
      .insertInto('hidden_messages')
      .values({ user_id: actor.user_id, message_id: id, ...found })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
}

export async function unhideMessage(db: Db, actor: Actor, id: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    await findOwnMessage(tx, actor, id)
    await tx.deleteFrom('hidden_messages').where('user_id', '=', actor.user_id).where('message_id', '=', id).execute()
  })
}

/** The messages of the actor's conversations, without those that they have hidden. */
function ownMessages(db: Tx | Db['query'], actor: Actor) {
  return db
    .selectFrom('message_wire as w')
    .innerJoin('members', (join) =>
      join.onRef('members.conversation_id', '=', 'w.conversation_id').on('members.user_id', '=', actor.user_id),
    )
    .innerJoin('conversations', 'conversations.id', 'w.conversation_id')
    .where('conversations.deleted_at', 'is', null)
    .select('w.wire')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('hidden_messages as h')
            .select('h.message_id')
            .where('h.user_id', '=', actor.user_id)
            .whereRef('h.message_id', '=', 'w.id'),
        ),
      ),
    )
    .$castTo<{ wire: Message }>()
}

/** For somebody who may see it, which was checked; hidden for them or not. */
export async function readWire(tx: Tx, id: string): Promise<Message> {
  const row = await tx.selectFrom('message_wire').select('wire').where('id', '=', id).executeTakeFirstOrThrow()
  return row.wire
}

/** Where the message is, if its conversation is the actor's; hidden or not. */
async function findOwnMessage(tx: Tx, actor: Actor, id: string): Promise<{ conversation_id: string; number: number }> {
  const row = await tx
    .selectFrom('messages')
    .innerJoin('members', 'members.conversation_id', 'messages.conversation_id')
    .innerJoin('conversations', 'conversations.id', 'messages.conversation_id')
    .select(['messages.conversation_id', 'messages.number'])
    .where('messages.id', '=', id)
    .where('members.user_id', '=', actor.user_id)
    .where('conversations.deleted_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw new AppError('message.not_found')
  return row
}

type LockedMessage = MessageFacts & {
  conversation_id: string
  number: number
  attachment_count: number
  now: Date
}

/**
 * The message with its stream locked, and what the actor is there; judged by the database's clock.
 * @throws AppError message.not_found, conversation.not_found
 */
export async function lockMessage(tx: Tx, actor: Actor, id: string): Promise<{ message: LockedMessage; here: Here }> {
  const { conversation_id, number } = await findOwnMessage(tx, actor, id)
  await lockConversations(tx, [conversation_id])
  const here = await requireMembership(tx, actor, conversation_id)
  const message = await tx
    .selectFrom('messages')
    .select([
      'type',
      'sender_id',
      'created_at',
      'deleted_at',
      'attachment_count',
      sql<Date>`clock_timestamp()`.as('now'),
    ])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return { message: { ...message, conversation_id, number }, here }
}
