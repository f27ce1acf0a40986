-- What a tail needs before it reads. A node whose head lies beyond the sequence has heard events that this database lost
-- (an older copy was restored): the epoch then moves on, once for all nodes that had known the same one.
create or replace function read_log_state(known_epoch text, known_head bigint)
returns table (epoch text, safe bigint, floor bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  last_id bigint;
begin
  -- Where nothing can be written, nobody can raise it either.
  if current_setting('transaction_read_only') = 'off' then
    perform from log_state for update;
  end if;
  execute format('select last_value from %s', pg_get_serial_sequence('events', 'id')) into last_id;
  if known_epoch = log_epoch() and known_head > last_id then
    perform raise_epoch();
  end if;
  return query select log_epoch(), greatest(s.safe, s.floor), s.floor from log_state s;
end
$$;
revoke execute on function read_log_state from public;
