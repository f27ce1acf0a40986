-- Writers that we do not control ring inside their transaction; our own nodes say that they will ring after the commit,
-- because a transaction that has notified holds a cluster-wide lock through its flush. A full queue would fail the COMMIT.
create or replace function ring_bell() returns void
language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if current_setting('earshot.ring', true) is distinct from 'after_commit' and pg_notification_queue_usage() < 0.5 then
    perform pg_notify('earshot', '');
  end if;
end
$$;
