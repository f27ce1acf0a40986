create or replace function tg_members__append_updated() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(n.conversation_id order by n.conversation_id, n.user_id), array_agg('member.updated'::text), array_agg(current_actor()),
    null, null,
    array_agg(json_build_object('user_id', n.user_id, 'role', n.role, 'joined_at', wire_time(n.joined_at),
                                'member_count', c.member_count) order by n.conversation_id, n.user_id))
  from new_rows n
  join old_rows o on o.conversation_id = n.conversation_id and o.user_id = n.user_id
  join conversations c on c.id = n.conversation_id
  where n.role is distinct from o.role
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_members__append_updated from public;
