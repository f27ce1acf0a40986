-- What a user has missed since an event id: the ids, in the order of the log, or that they are more than `total`. Of a stream with more
-- than `each` none; it is named among the `limited` (only the total bounds their own). Past `last_id` or below `log_floor` nothing is read.
-- Always by the keys of the user and of the streams: `id + 0`, and no sequential scan, for a plan that takes the few rows of an empty
-- table, or of a `since` near the end, for all would walk the whole log after `since` once for each stream.
-- Volatile on purpose: the floor is read once more by a newer snapshot, for a partition may go while this waits for the log.
create or replace function missed_events(
  reader uuid, since bigint, total integer, each integer,
  out log_floor bigint, out last_id bigint, out ids bigint[], out limited uuid[], out too_much boolean)
language plpgsql set search_path = public, pg_temp set plan_cache_mode = 'force_generic_plan' set enable_seqscan = off as $$
begin
  select s.floor into log_floor from log_state s;
  execute format('select last_value from %s', pg_get_serial_sequence('events', 'id')) into last_id;
  if since < log_floor or since > last_id then
    return;
  end if;

  with stays as (
    select m.conversation_id as id, m.from_seq, coalesce(m.to_seq, s.seq) as to_seq, each as most
    from member_spans m
    cross join lateral (
      select s.seq from streams s where s.id = m.conversation_id and s.last_event_id > since offset 0
    ) s
    where m.user_id = reader and (m.to_event_id is null or m.to_event_id > since)
    union all
    select s.id, 1, s.seq, total + 1
    from streams s
    where s.id = reader and s.last_event_id > since
  ), missed as (
    select t.id as stream_id, t.from_seq, t.most, e.id
    from stays t
    -- Most have missed a few: only where the ninth newest is missed too, more are looked at.
    cross join lateral (
      select case when exists (
          select from events p where p.stream_id = t.id and p.seq = t.to_seq - 8 and p.id + 0 > since offset 0)
        then t.to_seq - t.most else t.to_seq - 7 end as low
      offset 0
    ) near
    cross join lateral (
      select e.id
      from events e
      where e.stream_id = t.id and e.seq between greatest(t.from_seq, near.low) and t.to_seq and e.id + 0 > since
      order by e.seq desc
      limit t.most + 1
    ) e
    -- Whoever has missed so much loads everything afresh.
    limit total * 5
  ), counted as (
    select m.stream_id, m.id, count(*) over (partition by m.stream_id, m.from_seq) > m.most as is_limited
    from missed m
  )
  select coalesce(array_agg(c.id order by c.id) filter (where not c.is_limited), '{}'),
         coalesce(array_agg(distinct c.stream_id) filter (where c.is_limited), '{}'),
         count(*) >= total * 5 or count(*) filter (where not c.is_limited) > total
  into ids, limited, too_much
  from counted c;
  select s.floor into log_floor from log_state s;
  if too_much then
    ids := '{}';
  end if;
end
$$;
