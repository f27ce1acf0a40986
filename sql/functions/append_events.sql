-- The way into the log, but for new messages (tg_messages__append_created). Entry i of the arrays becomes an event of stream_ids[i]; entries of one stream keep their order.
-- Must be the last thing that needs a lock on these streams: they are taken here, conversations before users, each by id.
create or replace function append_events(
  stream_ids uuid[], types text[], actor_ids uuid[], message_ids uuid[], message_numbers bigint[], payloads json[])
returns table (entry bigint, event_id bigint, event_seq bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- The tail's fence counts on this: no event id is taken before its transaction has an xid.
  perform pg_current_xact_id();
  -- A crash after an unflushed commit would hand out ids and seqs again that were already heard.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  perform from streams s where s.id = any (stream_ids) order by s.kind, s.id for no key update;

  return query
  with entries as (
    select e.ord, s.id, s.kind, s.seq + row_number() over (partition by s.id order by e.ord) as seq,
           e.type, e.actor_id, e.message_id, e.message_number, e.payload
    from unnest(stream_ids, types, actor_ids, message_ids, message_numbers, payloads)
           with ordinality as e (stream_id, type, actor_id, message_id, message_number, payload, ord)
    join streams s on s.id = e.stream_id
  ), appended as (
    insert into events (stream_id, seq, type, actor_id, message_id, message_number, payload)
    select e.id, e.seq, e.type, e.actor_id, e.message_id, e.message_number, e.payload
    from entries e
    order by e.kind, e.id, e.seq
    returning events.id, events.stream_id, events.seq, events.type, events.created_at
  ), moved as (
    update streams s
    set seq = a.seq,
        last_event_id = a.id,
        message_number = s.message_number + a.messages,
        last_message_at = coalesce(a.last_message_at, s.last_message_at)
    from (
      select stream_id, max(x.seq) as seq, max(x.id) as id,
             count(*) filter (where x.type = 'message.created') as messages,
             max(x.created_at) filter (where x.type = 'message.created') as last_message_at
      from appended x
      group by stream_id
    ) a
    where s.id = a.stream_id
  )
  select e.ord, a.id, a.seq
  from entries e
  join appended a on a.stream_id = e.id and a.seq = e.seq
  order by e.ord;

  perform ring_bell();
end
$$;
revoke execute on function append_events from public;
