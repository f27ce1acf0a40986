// Who is here: one row for each (user, node) that says so, for as long as the lease of the node lives.
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../db/database.js'

/** What somebody's sockets and commands say. */
export type LiveState = 'online' | 'away' | 'offline'

/** What the user's live leases say together; by the key, however the tables are known to be filled. */
export function liveState(userId: RawBuilder<unknown>): RawBuilder<LiveState> {
  return sql`(
    select case when bool_or(l.state = 'online') then 'online' when count(*) > 0 then 'away' else 'offline' end
    from presence_leases l
    join nodes n on n.id = l.node_id and n.expires_at > now()
    where l.user_id = ${userId})`
}

/**
 * Writes what this node knows of its users, in one statement; false when the node has no row, and nothing was written. The
 * row is held, so that whoever takes the node away sees all that was written before.
 */
export async function writeLeases(
  db: Db,
  nodeId: string,
  changes: readonly { user_id: string; state: LiveState }[],
): Promise<boolean> {
  const { rows } = await sql`
    with mine as materialized (
      select id from nodes where id = ${nodeId} for key share),
    said as (
      select s.user_id, s.state
      from unnest(${changes.map((one) => one.user_id)}::uuid[], ${changes.map((one) => one.state)}::text[])
           as s (user_id, state)),
    gone as (
      delete from presence_leases l using mine, said s
      where l.user_id = s.user_id and l.node_id = mine.id and s.state = 'offline'),
    kept as (
      insert into presence_leases (user_id, node_id, state)
      select s.user_id, mine.id, s.state from said s, mine where s.state <> 'offline'
      on conflict (user_id, node_id) do update set state = excluded.state)
    select from mine`.execute(db.query)
  return rows.length > 0
}
