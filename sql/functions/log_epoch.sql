-- Which history this is: the cluster, its timeline, and a counter of our own. pg_control_checkpoint() would be late after a
-- promotion; where a host hides these functions, the counter alone decides.
create or replace function log_epoch() returns text
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  counter bigint := (select bump from log_state);
begin
  return (select system_identifier from pg_control_system())
    || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '.' || counter;
exception when insufficient_privilege or undefined_function or feature_not_supported then
  return counter::text;
end
$$;
revoke execute on function log_epoch from public;
