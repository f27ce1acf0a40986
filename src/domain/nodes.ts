// The leases of nodes. A node lives for as long as it renews its own, by the clock of the database; one whose lease has
// ended is taken away by another, with what it said of its users.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import { recordSeen } from './presence.js'

/** Users of one transaction: their rows are held meanwhile. */
const TAKEN_MAX = 5_000

export type NodeReport = { lag_ms: number; sockets: number }
export type NodeRow = NodeReport & {
  id: string
  version: string
  started_at: Date
  renewed_ms_ago: number
  /** False once it has said that it ends. */
  is_alive: boolean
  /** Whether it is to be taken away. */
  has_ended: boolean
}

/** Undefined: there is no lease to renew, or it has ended. Otherwise all nodes, as they were before. */
export async function renewNode(
  db: Db,
  id: string,
  report: NodeReport,
  leaseS: number,
): Promise<NodeRow[] | undefined> {
  const { rows } = await sql<NodeRow & { is_renewed: boolean }>`
    with mine as (
      update nodes
      set renewed_at = now(), expires_at = now() + make_interval(secs => ${leaseS}),
          lag_ms = ${report.lag_ms}, sockets = ${report.sockets}
      where id = ${id} and expires_at > now()
      returning id)
    select n.id, n.version, n.started_at, n.lag_ms, n.sockets, n.ended_at is null and n.expires_at > now() as is_alive,
           n.expires_at <= now() as has_ended,
           (extract(epoch from now() - n.renewed_at) * 1000)::int as renewed_ms_ago,
           exists (select from mine) as is_renewed
    from nodes n
    order by n.started_at, n.id`.execute(db.query)
  return rows[0]?.is_renewed ? rows : undefined
}

/** Begins a lease; what a former one said of users is not true any more. Answers with when the node started. */
export function beginNode(
  db: Db,
  node: NodeReport & { id: string; version: string; started_at: Date | undefined },
  leaseS: number,
): Promise<Date> {
  return db.write(null, async (tx) => {
    const { rows } = await sql<{ started_at: Date }>`
      insert into nodes (id, version, started_at, expires_at, lag_ms, sockets)
      values (${node.id}, ${node.version}, coalesce(${node.started_at ?? null}::timestamptz, now()),
              now() + make_interval(secs => ${leaseS}), ${node.lag_ms}, ${node.sockets})
      on conflict (id) do update
      set renewed_at = now(), expires_at = excluded.expires_at, lag_ms = excluded.lag_ms, sockets = excluded.sockets
      returning started_at`.execute(tx)
    await tx.deleteFrom('presence_leases').where('node_id', '=', node.id).execute()
    return rows[0]?.started_at as Date
  })
}

/** From now on the node is gone, and after the grace its users are, unless they are elsewhere. */
export async function endNode(db: Db, id: string, graceS: number): Promise<void> {
  await sql`
    update nodes
    set renewed_at = now(), ended_at = now(), expires_at = least(expires_at, now() + make_interval(secs => ${graceS}))
    where id = ${id}`.execute(db.query)
}

/**
 * Takes one node away whose lease has ended, or as many of its users as fit: keeps that they were last seen when it last
 * renewed, and answers who they are. Undefined when there is none that nobody else takes away.
 */
export function takeNodeAway(db: Db, now: number): Promise<string[] | undefined> {
  return db.write(null, async (tx) => {
    const { rows } = await sql<{ id: string; renewed_at: Date }>`
      select id, renewed_at from nodes where expires_at <= now() order by id limit 1 for update skip locked`.execute(tx)
    const [dead] = rows
    if (!dead) return undefined
    // In a statement of its own: it sees what was written while the node's row was waited for.
    const { rows: gone } = await sql<{ user_id: string }>`
      delete from presence_leases
      where node_id = ${dead.id}
        and user_id = any(array(select user_id from presence_leases where node_id = ${dead.id} order by user_id limit ${TAKEN_MAX}))
      returning user_id`.execute(tx)
    const people = gone.map(({ user_id }) => ({ user_id, at: dead.renewed_at }))
    await recordSeen(tx, people, now)
    if (gone.length < TAKEN_MAX) await tx.deleteFrom('nodes').where('id', '=', dead.id).execute()
    return gone.map(({ user_id }) => user_id)
  })
}
