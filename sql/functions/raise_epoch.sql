-- The log begins anew for everybody: what was heard before may not be in this database. Nodes are told; one that does not
-- hear it finds out when it next stores its position.
create or replace function raise_epoch() returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  update log_state set bump = bump + 1;
  select pg_notify('earshot', 'e') where pg_notification_queue_usage() < 0.5;
$$;
revoke execute on function raise_epoch from public;
