-- Never by a node that knows another epoch than the database's own, and within one epoch only forward.
create or replace function save_log_position(known_epoch text, known_safe bigint) returns boolean
language sql security definer set search_path = public, pg_temp as $$
  update log_state s
  set safe = case when s.epoch = known_epoch then greatest(s.safe, known_safe) else known_safe end, epoch = known_epoch
  where known_epoch = log_epoch()
  returning true;
$$;
revoke execute on function save_log_position from public;
