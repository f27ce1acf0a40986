-- Whoever speaks has read what was said before, and need not hear that their own message is unread.
create or replace function tg_messages__advance_sender() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  with spoke as (
    select m.conversation_id, m.user_id, m.read_number, n.last_number, n.total
    from (
      select conversation_id, sender_id, max(number) as last_number, count(*) as total
      from new_rows
      where sender_id is not null
      group by conversation_id, sender_id
    ) n
    join members m on m.conversation_id = n.conversation_id and m.user_id = n.sender_id
    order by m.conversation_id, m.user_id
    for no key update of m
  ), passed as (
    insert into receipts (conversation_id, user_id, kind, from_number, to_number)
    select s.conversation_id, s.user_id, 'read', s.read_number + 1, s.last_number
    from spoke s
    -- Their own message alone needs no receipt.
    where s.last_number > s.read_number + 1
  )
  update members m
  set read_number = s.last_number, delivered_number = s.last_number, unread_from = null, sent_count = m.sent_count + s.total
  from spoke s
  where m.conversation_id = s.conversation_id and m.user_id = s.user_id;
  return null;
end
$$;
revoke execute on function tg_messages__advance_sender from public;
