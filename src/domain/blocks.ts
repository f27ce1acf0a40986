// Who wants nothing to do with whom. It holds both ways, and only the one who blocks is told of it.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { Block, ListBlocks } from '../contract/blocks.js'
import { AppError } from '../contract/errors.js'
import type { Page } from '../contract/fields.js'
import type { Limits } from '../contract/limits.js'
import type { Db, Tx } from '../db/database.js'
import { INTEGER, readCursor, toPage, UUID } from './pages.js'
import { holdUsers } from './users.js'

/** Whom the actor has blocked, the latest first; deleted accounts too, so that they can be taken off. */
export async function listBlocks(db: Db, actor: Actor, input: ListBlocks): Promise<Page<Block>> {
  const [time, id] = input.cursor === undefined ? [] : readCursor(input.cursor, [INTEGER, UUID])
  const { rows } = await sql<Block & { time: number }>`
    with page as (
      select blocked_id as id, created_at, (extract(epoch from created_at) * 1000000)::bigint as time
      from blocks
      where blocker_id = ${actor.user_id}
    ), shown as (
      select * from page
      where ${time ?? null}::bigint is null or (time, id) < (${time ?? null}::bigint, ${id ?? null}::uuid)
      order by time desc, id desc
      limit ${input.limit + 1}
    )
    select w.wire as "user", wire_time(shown.created_at) as created_at, shown.time
    from shown join user_wire w on w.id = shown.id
    order by shown.time desc, shown.id desc`.execute(db.query)
  return toPage(
    rows,
    input.limit,
    ({ user, created_at }) => ({ user, created_at }),
    (row) => [row.time, row.user.id],
  )
}

/** Repeating it changes nothing. @throws AppError user.not_found, block.oneself, block.too_many */
export async function blockUser(db: Db, actor: Actor, userId: string, limits: Limits): Promise<void> {
  if (userId === actor.user_id) throw new AppError('block.oneself')
  await db.write(actor.user_id, async (tx) => {
    // Both: whoever begins a conversation, or adds somebody to one, holds the rows of those whom it takes in.
    if (!(await holdUsers(tx, [actor.user_id, userId], true))) throw new AppError('user.not_found')
    const { count, known } = await tx
      .selectFrom('blocks')
      .select((eb) => [
        eb.fn.countAll<number>().as('count'),
        eb.fn.coalesce(sql<boolean>`bool_or(blocked_id = ${userId})`, sql<boolean>`false`).as('known'),
      ])
      .where('blocker_id', '=', actor.user_id)
      .executeTakeFirstOrThrow()
    if (known) return
    if (count >= limits.blocks) throw new AppError('block.too_many')
    await tx.insertInto('blocks').values({ blocker_id: actor.user_id, blocked_id: userId }).execute()
  })
}

/** Of no effect on whom the actor has not blocked, and on who has blocked the actor. */
export async function unblockUser(db: Db, actor: Actor, userId: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    await holdUsers(tx, [actor.user_id], true)
    await tx.deleteFrom('blocks').where('blocker_id', '=', actor.user_id).where('blocked_id', '=', userId).execute()
  })
}

/** For an account that ends. Blocks against it stay with those who made them, however many they are. */
export async function removeOwnBlocks(tx: Tx, actor: Actor): Promise<void> {
  await tx.deleteFrom('blocks').where('blocker_id', '=', actor.user_id).execute()
}

/**
 * Nobody brings together who has parted, whoever of the two it was. After requireUsers(): what it locks keeps new blocks
 * away until the transaction ends.
 * @throws AppError user.blocked
 */
export async function requireNoBlock(tx: Tx, actor: Actor, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return
  const found = await tx
    .selectFrom('blocks')
    .select('blocker_id')
    .where((eb) =>
      eb.or([
        eb('blocker_id', '=', actor.user_id).and('blocked_id', 'in', userIds),
        eb('blocked_id', '=', actor.user_id).and('blocker_id', 'in', userIds),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  if (found) throw new AppError('user.blocked')
}

/** Those of whom the actor sees nothing, whoever of the two began. In a list, for a function would be asked for each row. */
export function acrossABlock(actor: Actor) {
  return sql`(
    select blocked_id from blocks where blocker_id = ${actor.user_id}
    union all
    select blocker_id from blocks where blocked_id = ${actor.user_id})`
}
