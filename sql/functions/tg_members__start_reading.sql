-- Whoever joins has nothing to catch up on: what was said before is history, not unread.
create or replace function tg_members__start_reading() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  select s.message_number into new.joined_number from streams s where s.id = new.conversation_id for no key update;
  -- A conversation that the same statement creates has no stream yet.
  new.joined_number := coalesce(new.joined_number, 0);
  new.read_number := new.joined_number;
  new.delivered_number := new.joined_number;
  return new;
end
$$;
revoke execute on function tg_members__start_reading from public;
