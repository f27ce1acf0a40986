-- The reason is for those who may see the list of bans, not for everybody.
create or replace function tg_bans__append_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(b.conversation_id order by b.conversation_id, b.user_id),
    array_agg(case when tg_op = 'DELETE' then 'member.unbanned' else 'member.banned' end),
    array_agg(current_actor()), null, null,
    array_agg(case when tg_op = 'DELETE' then json_build_object('user_id', b.user_id)
                   else json_build_object('user_id', b.user_id, 'banned_by', b.banned_by, 'banned_until', wire_time(b.banned_until)) end
              order by b.conversation_id, b.user_id))
  from changed_rows b
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_bans__append_changed from public;
