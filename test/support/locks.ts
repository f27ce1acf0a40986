import type pg from 'pg'

/** Resolves once a statement like this waits for a lock in the watcher's database. */
export async function someoneWaits(statement: string, watcher: pg.Client): Promise<void> {
  for (let waits = 0; waits === 0; ) {
    const { rows } = await watcher.query(
      `select count(*)::int as n from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
      [statement],
    )
    waits = rows[0].n
  }
}
