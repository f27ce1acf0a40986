-- Tells of new messages, counts them, and moves their senders: whoever speaks has read what was said before, and need not hear
-- that their own message is unread. As append_events() would, but each table once: this is what a message costs.
-- The rows that fired it have given the transaction its xid, which the tail's fence counts on.
create or replace function tg_messages__append_created() returns trigger
language plpgsql security definer set search_path = public, pg_temp set enable_seqscan = off as $$
declare
  gap uuid;
begin
  -- A crash after an unflushed commit would hand out ids and seqs again that were already heard.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  perform from streams s where s.id in (select conversation_id from new_rows) order by s.id for no key update;
  if not found and not exists (select from new_rows) then
    return null;
  end if;

  with created as (
    select n.id, n.conversation_id, n.number, n.sender_id, s.message_number as last_number, s.seq + (n.number - s.message_number) as seq
    from new_rows n
    left join lateral (select s.seq, s.message_number from streams s where s.id = n.conversation_id and s.kind = 1 offset 0) s on true
  ), appended as (
    insert into events (stream_id, seq, type, actor_id, message_id, message_number)
    select c.conversation_id, c.seq, 'message.created', coalesce(c.sender_id, current_actor()), c.id, c.number
    from created c
    where c.seq is not null
    order by c.conversation_id, c.number
    returning events.id, events.stream_id, events.seq, events.created_at
  ), moved as (
    update streams s
    set seq = a.seq, last_event_id = a.id, message_number = s.message_number + a.messages, last_message_at = a.last_message_at
    from (
      select stream_id, max(x.seq) as seq, max(x.id) as id, count(*) as messages, max(x.created_at) as last_message_at
      from appended x
      group by stream_id
    ) a
    where s.id = a.stream_id
  ), spoke as (
    select m.conversation_id, m.user_id, m.read_number, n.last_number, n.total
    from (
      select c.conversation_id, c.sender_id, max(c.number) as last_number, count(*) as total
      from created c
      where c.sender_id is not null
      group by c.conversation_id, c.sender_id
      order by c.conversation_id, c.sender_id
    ) n
    cross join lateral (
      select m.conversation_id, m.user_id, m.read_number
      from members m
      where m.conversation_id = n.conversation_id and m.user_id = n.sender_id
      for no key update
    ) m
  ), passed as (
    insert into receipts (conversation_id, user_id, kind, from_number, to_number)
    select s.conversation_id, s.user_id, 'read', s.read_number + 1, s.last_number
    from spoke s
    -- Their own message alone needs no receipt.
    where s.last_number > s.read_number + 1
  ), advanced as (
    update members m
    set read_number = s.last_number, delivered_number = s.last_number, unread_from = null, sent_count = m.sent_count + s.total
    from spoke s
    where m.conversation_id = s.conversation_id and m.user_id = s.user_id
  )
  select g.conversation_id into gap
  from (
    select c.conversation_id, c.last_number, min(c.number) as low, max(c.number) as high, count(*) as total
    from created c
    group by c.conversation_id, c.last_number
  ) g
  where g.last_number is null or g.low <> g.last_number + 1 or g.high - g.low + 1 <> g.total
  limit 1;
  if gap is not null then
    raise exception 'message.number_gap' using errcode = 'RT500', detail = gap::text;
  end if;

  perform ring_bell();
  return null;
end
$$;
revoke execute on function tg_messages__append_created from public;
