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
import type { SystemMessage } from '../contract/system-messages.js'
import type { Db, Tx } from '../db/database.js'
import { enqueue } from '../db/enqueue.js'
import { requirePermission } from './access.js'
import { discardAvatarOf } from './avatars.js'
import { requireNoBlock } from './blocks.js'
import { insertMembers, lockMembership } from './membership.js'
import { FLAG, INTEGER, readCursor, toPage, UUID } from './pages.js'
import { addSystemMessages } from './system-messages.js'
import { requireUsers } from './users.js'

type Created = { conversation: Conversation; created: boolean }
type Direct = Extract<CreateConversation, { type: 'direct' }>
type Group = Extract<CreateConversation, { type: 'group' }>

/**
 * A direct conversation that exists is returned as it is.
 * @throws AppError user.not_found, user.blocked, conversation.with_oneself, conversation.name_taken, member.too_many
 */
export function createConversation(db: Db, actor: Actor, input: CreateConversation, limits: Limits): Promise<Created> {
  return input.type === 'direct' ? createDirect(db, actor, input) : createGroup(db, actor, input, limits)
}

function createDirect(db: Db, actor: Actor, input: Direct): Promise<Created> {
  return db.write(actor.user_id, async (tx) => {
    const peers = othersThan(actor, input.user_ids)
    // The actor too: their account may be ending at this moment.
    await requireUsers(tx, [actor.user_id, ...peers])
    const [direct_low = '', direct_high = ''] = [actor.user_id, ...peers].sort()
    const known = await findDirect(tx, direct_low, direct_high)
    if (known !== undefined) return { conversation: await readConversation(tx, actor, known), created: false }
    await requireNoBlock(tx, actor, peers)
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
    const id = inserted?.id ?? (await findDirect(tx, direct_low, direct_high)) ?? ''
    return { conversation: await readConversation(tx, actor, id), created: inserted !== undefined }
  })
}

function createGroup(db: Db, actor: Actor, input: Group, limits: Limits): Promise<Created> {
  return db.write(actor.user_id, async (tx) => {
    const others = othersThan(actor, input.user_ids)
    if (others.length + 1 > limits.members) throw new AppError('member.too_many')
    await requireUsers(tx, [actor.user_id, ...others])
    await requireNoBlock(tx, actor, others)
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
    const params = { actor_id: actor.user_id, name: input.name }
    await addSystemMessages(tx, id, [{ kind: 'created', params }])
    return { conversation: await readConversation(tx, actor, id), created: true }
  })
}

/** Pinned ones first, then the most recently active. */
export async function listConversations(
  db: Pick<Db, 'query'>,
  actor: Actor,
  input: ListConversations,
): Promise<Page<Conversation>> {
  const after = input.cursor === undefined ? undefined : readCursor(input.cursor, [FLAG, INTEGER, UUID])
  const type = input.type ?? null
  // The order is made of narrow rows, then conversations are looked up in that order until the page is full. Each "offset 0"
  // keeps the planner to the keys: joined freely, it reads all conversations that there are.
  const { rows } = await sql<{ id: string; pinned: boolean; activity: number; wire: Conversation }>`
    with mine as (
      select me.conversation_id as id, me.user_id, me.pinned_at is not null as pinned,
             coalesce(s.last_message_at, (select c.created_at from conversations c where c.id = me.conversation_id)) as active_at
      from members me
      cross join lateral (
        select s.message_number, s.last_message_at from streams s where s.id = me.conversation_id offset 0
      ) s
      where me.user_id = ${actor.user_id}
        and (${input.archived} = 'include' or (${input.archived} = 'only')
          = is_archived(me.archived_at, me.archived_number, me.muted_until, s.message_number, s.last_message_at))
    ), ordered as (
      select * from mine
      where ${after?.[0] ?? null}::boolean is null or (pinned, active_at, id) < (
        ${after?.[0] ?? null}::boolean, timestamptz 'epoch' + ${after?.[1] ?? null}::bigint * interval '1 microsecond',
        ${after?.[2] ?? null}::uuid)
      order by pinned desc, active_at desc, id desc
    ), shown as (
      select ordered.*
      from ordered
      cross join lateral (
        select from conversations c
        where c.id = ordered.id and c.deleted_at is null and (${type}::text is null or c.type = ${type}) offset 0
      ) c
      order by ordered.pinned desc, ordered.active_at desc, ordered.id desc
      limit ${input.limit + 1}
    )
    select shown.id, shown.pinned, (extract(epoch from shown.active_at) * 1000000)::bigint as activity, w.wire
    from shown
    cross join lateral (
      select w.wire from member_conversation_wire w
      where w.conversation_id = shown.id and w.user_id = shown.user_id offset 0
    ) w
    order by shown.pinned desc, shown.active_at desc, shown.id desc`.execute(db.query)
  return toPage(
    rows,
    input.limit,
    (row) => row.wire,
    (row) => [row.pinned ? 1 : 0, row.activity, row.id],
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
    const here = await lockMembership(tx, actor, id)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(here.role, 'conversation.update')
    const { metadata, ...columns } = input
    if (Object.keys(input).length > 0) {
      const before = await tx
        .selectFrom('conversations')
        .select(['name', 'description', 'is_public'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
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
      await addSystemMessages(tx, id, changesOf(actor, before, input))
    }
    const conversation = await readConversation(tx, actor, id)
    // Each request was small enough; what they add up to is known only now.
    if (Buffer.byteLength(JSON.stringify(conversation.metadata)) > HARD.metadata_bytes) {
      throw new AppError('conversation.metadata_too_large')
    }
    return conversation
  })
}

type Details = { name: string | null; description: string | null; is_public: boolean }

/** What is new, as it will be told. Metadata is the client's own and tells nobody anything. */
function changesOf(actor: Actor, before: Details, input: UpdateConversation): SystemMessage[] {
  const { name, description, is_public } = input
  const changes: SystemMessage[] = []
  const actor_id = actor.user_id
  if (name !== undefined && name !== before.name) changes.push({ kind: 'renamed', params: { actor_id, name } })
  if (description !== undefined && description !== before.description) {
    changes.push({ kind: 'described', params: { actor_id, description } })
  }
  if (is_public !== undefined && is_public !== before.is_public) {
    changes.push({ kind: 'visibility_changed', params: { actor_id, is_public } })
  }
  return changes
}

/** Gone for all its members at once, and its files with it; the rows stay until retention takes them. */
export async function deleteConversation(db: Db, actor: Actor, id: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    const before = await lockMembership(tx, actor, id)
    if (before.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(before.role, 'conversation.delete')
    // Nobody could take them away any more.
    await discardAvatarOf(tx, 'conversations', id)
    await enqueue(tx, 'remove_files_of_conversation', { conversation_id: id })
    await tx.updateTable('conversations').set({ deleted_at: sql`now()` }).where('id', '=', id).execute()
  })
}

async function findDirect(tx: Tx, direct_low: string, direct_high: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('conversations')
    .select('id')
    .where('direct_low', '=', direct_low)
    .where('direct_high', '=', direct_high)
    .executeTakeFirst()
  return row?.id
}

function othersThan(actor: Actor, ids: readonly string[]): string[] {
  const others = [...new Set(ids)].filter((id) => id !== actor.user_id)
  if (others.length === 0) throw new AppError('conversation.with_oneself')
  return others
}
