create or replace function tg_messages__append_created() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  gap uuid;
begin
  perform from streams s where s.id in (select conversation_id from new_rows) order by s.kind, s.id for no key update;

  select n.conversation_id into gap
  from (select conversation_id, min(number) as low, max(number) as high, count(*) as total from new_rows group by 1) n
  left join streams s on s.id = n.conversation_id and s.kind = 1
  where s.id is null or n.low <> s.message_number + 1 or n.high - n.low + 1 <> n.total
  limit 1;
  if found then
    raise exception 'message.number_gap' using errcode = 'RT500', detail = gap::text;
  end if;

  perform append_events(
    array_agg(n.conversation_id order by n.conversation_id, n.number),
    array_agg('message.created'::text),
    array_agg(coalesce(n.sender_id, current_actor()) order by n.conversation_id, n.number),
    array_agg(n.id order by n.conversation_id, n.number),
    array_agg(n.number order by n.conversation_id, n.number),
    null)
  from new_rows n
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_messages__append_created from public;
