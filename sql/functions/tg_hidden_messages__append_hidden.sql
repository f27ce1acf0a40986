-- Both ways through one function: a row that came is a message hidden, a row that went is one shown again.
create or replace function tg_hidden_messages__append_hidden() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(r.user_id order by r.number), array_agg('message.hidden'::text), array_agg(r.user_id order by r.number), null, null,
    array_agg(json_build_object('conversation_id', r.conversation_id, 'message_id', r.message_id, 'number', r.number,
                                'hidden', tg_op = 'INSERT') order by r.number))
  from changed_rows r
  -- A mark that goes with its purged message shows nothing again.
  where exists (select from messages m where m.id = r.message_id)
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_hidden_messages__append_hidden from public;
