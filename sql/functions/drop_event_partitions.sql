-- Drops the oldest partition once its newest event is older than the window, and raises the floor in the same transaction.
-- One a call, and it gives up fast: a DROP waits for every open writer, and all sends would queue behind it.
create or replace function drop_event_partitions(max_age interval) returns integer
language plpgsql set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare
  last_id bigint;
  oldest record;
  newest timestamptz;
begin
  if not pg_try_advisory_xact_lock(hashtext('earshot.partitions')) then
    return 0;
  end if;
  execute format('select last_value from %s', pg_get_serial_sequence('events', 'id')) into last_id;
  select * into oldest from event_partitions() limit 1;
  if oldest.high > last_id then
    return 0;
  end if;
  execute format('select max(created_at) from %I where id = (select max(id) from %1$I)', oldest.name) into newest;
  if newest > now() - max_age then
    return 0;
  end if;
  execute format('drop table %I', oldest.name);
  update log_state set floor = greatest(floor, oldest.high - 1);
  return 1;
exception when lock_not_available then
  return 0;
end
$$;
revoke execute on function drop_event_partitions from public;
