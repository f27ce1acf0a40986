-- Whoever adds them, and however: who is banned is no member. A ban is made and ended under the stream's lock.
create or replace function tg_members__refuse_banned() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (
    select from bans b
    where b.conversation_id = new.conversation_id and b.user_id = new.user_id
      and (b.banned_until is null or b.banned_until > now())) then
    raise exception 'member.banned' using errcode = 'RT403';
  end if;
  return new;
end
$$;
revoke execute on function tg_members__refuse_banned from public;
