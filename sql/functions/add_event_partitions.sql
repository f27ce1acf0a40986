-- Keeps `ahead` empty partitions beyond the one in use; returns how many were added. LIKE and ATTACH, because PARTITION OF
-- waits for every open writer, and all sends would queue behind it.
create or replace function add_event_partitions(width bigint default 10000000, ahead integer default 2) returns integer
language plpgsql set search_path = public, pg_temp set lock_timeout = '1s' as $$
declare
  last_id bigint;
  top bigint;
  added integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('earshot.partitions')) then
    return 0;
  end if;
  execute format('select last_value from %s', pg_get_serial_sequence('events', 'id')) into last_id;
  loop
    select coalesce(max(p.high), 0) into top from event_partitions() p;
    exit when (select count(*) from event_partitions() p where p.low > last_id) >= ahead;
    execute format('create table %I (like events including defaults including constraints)', 'events_from_' || top);
    execute format('alter table events attach partition %I for values from (%s) to (%s)', 'events_from_' || top, top, top + width);
    added := added + 1;
  end loop;
  return added;
end
$$;
revoke execute on function add_event_partitions from public;
