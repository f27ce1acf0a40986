// A database with as many messages as asked for, made in seconds rather than sent: rows go past the triggers, so there is
// nothing in the event log, and what the triggers would have counted is set here.
//
// Half of what is not in the great conversation lies in the reader's other conversations, half in those of other people.
// Messages lie in the order of time, as they come: neighbours of one conversation are far apart.
import type pg from 'pg'
import type { Progress } from './progress.js'

/** Conversations of the reader, the great one included. */
export const CONVERSATIONS = 2_000
const GREATEST = 1_000_000
const OTHERS_SIZE = 200
const PEOPLE = 2_000
const CHUNK = 250_000

/** How `messages` are shared out: every `stride`th goes to the great conversation. */
export function share(messages: number) {
  const stride = Math.max(2, Math.ceil(messages / GREATEST))
  const great = Math.floor(messages / stride)
  const rest = messages - great
  const mine = Math.ceil(rest / 2)
  return { stride, great, mine, others: rest - mine, otherPlaces: Math.max(1, Math.floor((rest - mine) / OTHERS_SIZE)) }
}

/**
 * Fills a migrated database in which the reader has signed up; its tables are left without statistics. Needs a superuser, since
 * triggers are passed by.
 */
export async function fill(session: pg.Client, readerId: string, messages: number, progress: Progress): Promise<void> {
  const { stride, great, mine, others, otherPlaces } = share(messages)
  await session.query(`set session_replication_role = replica; set timezone = 'UTC'`)
  // Statistics are to come when they are asked for.
  for (const table of TABLES) await session.query(`alter table ${table} set (autovacuum_enabled = false)`)
  await session.query(`
    create temp table people as
      select n, uuidv7() as id from generate_series(1, ${PEOPLE}) n;
    -- The instant of the message that was said as the g-th of all, and its id.
    create function pg_temp.said_at(g bigint) returns timestamptz language sql immutable
      return timestamptz '2026-01-01' + g * interval '1 second';
    create function pg_temp.message_id(place bigint, number bigint) returns uuid language sql immutable
      return (lpad(to_hex(number), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(place), 12, '0'))::uuid;
    -- 0 is the great conversation, those up to ${CONVERSATIONS - 1} are the reader's as well, the others are not.
    create temp table places as
      select p.*, uuidv7() as id, case when p.last_j is null then p.size * ${stride} else p.last_j + 1 + p.last_j / (${stride - 1}) end as last_g
      from (
        select n, n % 2 = 1 and n < ${CONVERSATIONS} as is_direct, size,
               case when n = 0 then null
                    when n < ${CONVERSATIONS} then ((size - 1) * ${CONVERSATIONS - 1} + n - 1) * 2
                    else ((size - 1) * ${otherPlaces} + n - ${CONVERSATIONS}) * 2 + 1 end as last_j
        from (
          select n, case when n = 0 then ${great}
                         when n < ${CONVERSATIONS} then (${mine} - n + ${CONVERSATIONS - 1}) / ${CONVERSATIONS - 1}
                         else (${others} - (n - ${CONVERSATIONS}) + ${otherPlaces - 1}) / ${otherPlaces} end as size
          from generate_series(0::bigint, ${CONVERSATIONS + otherPlaces - 1}) n
        ) sizes
      ) p;
    create temp table places_members as
      select p.n, '${readerId}'::uuid as user_id from places p where p.n < ${CONVERSATIONS}
      union all
      select p.n, someone.id from places p
      cross join lateral generate_series(1, case when p.n = 0 then 200 when p.is_direct then 1 else 9 end) i
      join people someone on someone.n = 1 + (p.n + i * 7) % ${PEOPLE};
    create index on places_members (n, user_id);
    analyze people; analyze places; analyze places_members`)
  await session.query(
    `insert into users (id, username, display_name) select id, 'person-' || n, 'Person ' || n from people`,
  )
  await session.query(`
    insert into conversations (id, type, name, created_by, direct_low, direct_high, member_count, created_at)
    select p.id, case when p.is_direct then 'direct' else 'group' end, case when not p.is_direct then 'Group ' || p.n end,
           first.user_id, case when p.is_direct then first.user_id end, case when p.is_direct then last.user_id end,
           last.position, timestamptz '2025-12-31'
    from places p
    join lateral (select m.user_id from places_members m where m.n = p.n order by m.user_id limit 1) first on true
    join lateral (
      select m.user_id, count(*) over () as position from places_members m where m.n = p.n order by m.user_id desc limit 1
    ) last on true`)
  await session.query(`
    insert into streams (id, kind, seq, message_number, last_message_at)
    select id, 1, size + 1, size, case when size > 0 then pg_temp.said_at(last_g) end from places
    union all select id, 2, 0, 0, null from people`)
  await session.query(`
    insert into members (conversation_id, user_id, role, joined_at, read_number, delivered_number, pinned_at, archived_at, archived_number)
    select p.id, m.user_id, 'member', timestamptz '2025-12-31', greatest(p.size - p.n % 7, 0), greatest(p.size - p.n % 7, 0),
           case when p.n % 400 = 3 then timestamptz '2026-01-01' end, case when p.n % 50 = 7 then timestamptz '2026-01-01' end, p.size
    from places_members m join places p on p.n = m.n`)
  await session.query(`
    insert into member_spans (conversation_id, user_id, from_seq, from_event_id)
    select p.id, m.user_id, 1, 0 from places_members m join places p on p.n = m.n`)

  // An index is built in half the time when its rows are there.
  const { rows: constraints } = await session.query<{ name: string; definition: string }>(`
    select conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where conrelid = 'messages'::regclass and contype = 'u'`)
  for (const { name } of constraints) await session.query(`alter table messages drop constraint ${name}`)
  progress.begin(`filling ${messages.toLocaleString('en')} messages`, messages)
  for (let from = 1; from <= messages; from += CHUNK) {
    const to = Math.min(from + CHUNK - 1, messages)
    await session.query(MESSAGES(from, to, stride, otherPlaces))
    progress.step(to - from + 1)
  }
  progress.end()
  for (const { name, definition } of constraints) {
    await session.query(`alter table messages add constraint ${name} ${definition}`)
  }
  // The newest three of some conversations, and one of each thousand of the great one.
  await session.query(`
    insert into hidden_messages (user_id, message_id, conversation_id, number)
    select '${readerId}', pg_temp.message_id(p.n, number), p.id, number
    from places p
    cross join lateral (
      select number from generate_series(p.size - 2, p.size) number where p.n % 20 = 5 and p.n < ${CONVERSATIONS} and number > 1
      union all
      select number from generate_series(p.size % 1000, p.size, 1000) number where p.n = 0 and number > 1
    ) hidden`)
  await session.query('reset session_replication_role; drop table people, places, places_members')
}

/** After it the rows are as in a database that has been running: counted, and with the visibility map set. */
export async function gatherStatistics(session: pg.Client): Promise<void> {
  for (const table of TABLES) await session.query(`alter table ${table} reset (autovacuum_enabled)`)
  await session.query('vacuum analyze')
}

/** Undefined in a database that is not filled, or not to the end. */
export async function findGreat(
  session: pg.Client,
  messages: number,
): Promise<{ id: string; size: number } | undefined> {
  const { great } = share(messages)
  const { rows } = await session.query(
    `select c.id from conversations c join messages m on m.conversation_id = c.id and m.number = $1
     where c.name = 'Group 0' and exists (select from hidden_messages)`,
    [great],
  )
  return rows[0] && { id: rows[0].id, size: great }
}

const TABLES = ['users', 'conversations', 'streams', 'members', 'member_spans', 'messages', 'hidden_messages']

/** One in ten is an answer to the seventh before it, one in a hundred was deleted. */
const MESSAGES = (from: number, to: number, stride: number, otherPlaces: number) => `
  insert into messages (id, conversation_id, number, sender_id, content, reply_to_id, created_at, deleted_at)
  select pg_temp.message_id(p.n, m.number), p.id, m.number, s.id,
         case when m.g % 100 <> 0 then
           m.number || ': ' || left('We meet at the old station at nine, and whoever is late brings the coffee for the rest of us. Is that fine with you all?', 40 + (m.g % 80)::int)
         end,
         case when m.number % 10 = 0 then pg_temp.message_id(p.n, m.number - 7) end,
         pg_temp.said_at(m.g), case when m.g % 100 = 0 then pg_temp.said_at(m.g) end
  from (
    select g,
           case when j is null then 0 when j % 2 = 0 then 1 + j / 2 % ${CONVERSATIONS - 1} else ${CONVERSATIONS} + j / 2 % ${otherPlaces} end as place,
           1 + case when j is null then g / ${stride} - 1 when j % 2 = 0 then j / 2 / ${CONVERSATIONS - 1} else j / 2 / ${otherPlaces} end as number
    from (
      select g, case when g % ${stride} <> 0 then g - g / ${stride} - 1 end as j from generate_series(${from}::bigint, ${to}) g
    ) said
  ) m
  join places p on p.n = m.place
  join people s on s.n = 1 + m.g % ${PEOPLE}
  order by m.g`
