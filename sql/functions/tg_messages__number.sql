-- Computes and touches nothing: an update here would leave gaps under ON CONFLICT DO NOTHING. Rows of the same statement
-- that came before this one are already in the table, so the largest number counts them. By the index, also where the
-- plan was made while the table was empty: else each row of a large import would read all that came before it.
create or replace function tg_messages__number() returns trigger
language plpgsql security definer set search_path = public, pg_temp set enable_seqscan = off as $$
begin
  perform from streams s where s.id = new.conversation_id and s.kind = 1 for no key update;
  if not found then
    raise exception 'conversation.not_found' using errcode = 'RT404';
  end if;
  select greatest(s.message_number, coalesce((select max(m.number) from messages m where m.conversation_id = s.id), 0)) + 1
  into new.number
  from streams s
  where s.id = new.conversation_id;
  return new;
end
$$;
revoke execute on function tg_messages__number from public;
