import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type {
  Conversation,
  CreateConversation,
  ListConversations,
  UpdateConversation,
} from '../contract/conversations.js'
import { AppError } from '../contract/errors.js'
import type { Page } from '../contract/fields.js'
import { HARD, type Limits } from '../contract/limits.js'
import type { Role } from '../contract/memberships.js'
import type { Db, Tx } from '../db/database.js'
import { requirePermission } from './access.js'
import { INTEGER, readCursor, toPage, UUID } from './pages.js'
import { lockConversations } from './streams.js'
import { addSystemMessage } from './system-messages.js'
import { requireUsers } from './users.js'

type Created = { conversation: Conversation; created: boolean }
type Direct = Extract<CreateConversation, { type: 'direct' }>
type Group = Extract<CreateConversation, { type: 'group' }>

/**
 * A direct conversation that exists is returned as it is.
 * @throws AppError user.not_found, conversation.with_oneself, conversation.name_taken, member.too_many
 */
export function createConversation(db: Db, actor: Actor, input: CreateConversation, limits: Limits): Promise<Created> {
  return input.type === 'direct' ? createDirect(db, actor, input) : createGroup(db, actor, input, limits)
}

function createDirect(db: Db, actor: Actor, input: Direct): Promise<Created> {
  return db.write(actor.user_id, async (tx) => {
    const peers = othersThan(actor, input.user_ids)
    // The actor too: their account may be ending at this moment.
    await requireUsers(tx, [actor.user_id, ...peers])
    const [direct_low, direct_high] = [actor.user_id, ...peers].sort()
    const inserted = await tx
      .insertInto('conversations')
      .values({ type: 'direct', created_by: actor.user_id, direct_low, direct_high })
      .onConflict((conflict) => conflict.columns(['direct_low', 'direct_high']).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (inserted)
      await insertMembers(
        tx,
        inserted.id,
        [actor.user_id, ...peers].map((user_id) => ({ user_id, role: 'member' })),
      )
    const { id } = await tx
      .selectFrom('conversations')
      .select('id')
      .where('direct_low', '=', direct_low ?? '')
      .where('direct_high', '=', direct_high ?? '')
      .executeTakeFirstOrThrow()
    return { conversation: await readConversation(tx, actor, id), created: inserted !== undefined }
  })
}

function createGroup(db: Db, actor: Actor, input: Group, limits: Limits): Promise<Created> {
  return db.write(actor.user_id, async (tx) => {
    const others = othersThan(actor, input.user_ids)
    if (others.length + 1 > limits.members) throw new AppError('member.too_many')
    await requireUsers(tx, [actor.user_id, ...others])
    const { id } = await tx
      .insertInto('conversations')
      .values({
        type: 'group',
        created_by: actor.user_id,
        name: input.name,
        description: input.description ?? null,
        is_public: input.is_public,
        metadata: JSON.stringify(input.metadata),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const members = others.map((user_id) => ({ user_id, role: 'member' as const }))
    await insertMembers(tx, id, [{ user_id: actor.user_id, role: 'owner' }, ...members])
    await addSystemMessage(tx, id, { kind: 'created', params: { actor_id: actor.user_id, name: input.name } })
    return { conversation: await readConversation(tx, actor, id), created: true }
  })
}

/** Most recently active first. */
export async function listConversations(db: Db, actor: Actor, input: ListConversations): Promise<Page<Conversation>> {
  const after = input.cursor === undefined ? undefined : readCursor(input.cursor, [INTEGER, UUID])
  // The page is chosen by narrow rows; only its own conversations are then read in full.
  const { rows } = await sql<{ id: string; activity: number; wire: Conversation }>`
    with page as (
      select me.conversation_id as id, me.user_id,
             (extract(epoch from coalesce(s.last_message_at, c.created_at)) * 1000000)::bigint as activity
      from members me
      join conversations c on c.id = me.conversation_id and c.deleted_at is null
      join streams s on s.id = me.conversation_id
      where me.user_id = ${actor.user_id} and (${input.type ?? null}::text is null or c.type = ${input.type ?? null})
    ), shown as (
      select * from page
      where ${after?.[0] ?? null}::bigint is null or (activity, id) < (${after?.[0] ?? null}::bigint, ${after?.[1] ?? null}::uuid)
      order by activity desc, id desc
      limit ${input.limit + 1}
    )
    select shown.id, shown.activity, w.wire
    from shown join member_conversation_wire w on w.conversation_id = shown.id and w.user_id = shown.user_id
    order by shown.activity desc, shown.id desc`.execute(db.query)
  return toPage(
    rows,
    input.limit,
    (row) => row.wire,
    (row) => [row.activity, row.id],
  )
}

/** @throws AppError conversation.not_found */
export async function readConversation(db: Tx | Db['query'], actor: Actor, id: string): Promise<Conversation> {
  const row = await db
    .selectFrom('member_conversation_wire')
    .select('wire')
    .where('conversation_id', '=', id)
    .where('user_id', '=', actor.user_id)
    .$castTo<{ wire: Conversation }>()
    .executeTakeFirst()
  if (!row) throw new AppError('conversation.not_found')
  return row.wire
}

/** @throws AppError conversation.not_found, .forbidden, .not_for_direct, .name_taken, .metadata_too_large */
export function updateConversation(db: Db, actor: Actor, id: string, input: UpdateConversation): Promise<Conversation> {
  return db.write(actor.user_id, async (tx) => {
    const before = await lockMembership(tx, actor, id)
    if (before.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(before.role, 'conversation.update')
    const { metadata, ...columns } = input
    if (Object.keys(input).length > 0) {
      await tx
        .updateTable('conversations')
        .set({
          ...columns,
          ...(metadata && {
            metadata: sql`(select coalesce(jsonb_object_agg(key, value) filter (where value <> 'null'), '{}')
                           from jsonb_each(metadata || ${JSON.stringify(metadata)}::jsonb))`,
          }),
        })
        .where('id', '=', id)
        .execute()
    }
    if (input.name !== undefined && input.name !== before.name) {
      await addSystemMessage(tx, id, { kind: 'renamed', params: { actor_id: actor.user_id, name: input.name } })
    }
    const conversation = await readConversation(tx, actor, id)
    // Each request was small enough; what they add up to is known only now.
    if (Buffer.byteLength(JSON.stringify(conversation.metadata)) > HARD.metadata_bytes) {
      throw new AppError('conversation.metadata_too_large')
    }
    return conversation
  })
}

/** Gone for all its members at once; the rows stay until retention takes them. */
export async function deleteConversation(db: Db, actor: Actor, id: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    const before = await lockMembership(tx, actor, id)
    if (before.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(before.role, 'conversation.delete')
    await tx.updateTable('conversations').set({ deleted_at: sql`now()` }).where('id', '=', id).execute()
  })
}

export type Here = {
  role: Role
  type: string
  name: string | null
  member_count: number
  /** One of the two of a direct conversation has blocked the other. */
  blocked: boolean
}

/** What the actor is here. @throws AppError conversation.not_found, also for a conversation that is not theirs */
export async function requireMembership(db: Tx | Db['query'], actor: Actor, conversationId: string): Promise<Here> {
  const row = await db
    .selectFrom('members')
    .innerJoin('conversations', 'conversations.id', 'members.conversation_id')
    .select([
      'members.role',
      'conversations.type',
      'conversations.name',
      'conversations.member_count',
      sql<boolean>`conversations.type = 'direct' and are_blocked(conversations.direct_low, conversations.direct_high)`.as(
        'blocked',
      ),
    ])
    .where('members.conversation_id', '=', conversationId)
    .where('members.user_id', '=', actor.user_id)
    .where('conversations.deleted_at', 'is', null)
    .$castTo<Here>()
    .executeTakeFirst()
  if (!row) throw new AppError('conversation.not_found')
  return row
}

/** The same, with the conversation's stream locked: the answer holds until the transaction ends. */
export async function lockMembership(tx: Tx, actor: Actor, conversationId: string): Promise<Here> {
  await lockConversations(tx, [conversationId])
  return requireMembership(tx, actor, conversationId)
}

export async function insertMembers(
  tx: Tx,
  conversationId: string,
  people: { user_id: string; role: Role }[],
): Promise<void> {
  const rows = people.map((person) => ({ conversation_id: conversationId, ...person }))
  await tx.insertInto('members').values(rows).execute()
}

function othersThan(actor: Actor, ids: readonly string[]): string[] {
  const others = [...new Set(ids)].filter((id) => id !== actor.user_id)
  if (others.length === 0) throw new AppError('conversation.with_oneself')
  return others
}
