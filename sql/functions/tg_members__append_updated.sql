-- What all see of a member goes to the conversation, what is theirs alone to their own devices. A send moves the sender's
-- positions too (sent_count tells): that is not announced, for it locks no user's stream and message.created says it.
create or replace function tg_members__append_updated() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- For most, this is all.
  perform from new_rows n
  join old_rows o on o.conversation_id = n.conversation_id and o.user_id = n.user_id
  where n.sent_count = o.sent_count
  limit 1;
  if not found then
    return null;
  end if;

  perform append_events(
    array_agg(e.stream_id order by e.entry), array_agg(e.type order by e.entry), array_agg(current_actor()), null, null,
    array_agg(e.payload order by e.entry))
  from (
    select row_number() over (order by e.type, e.conversation_id, e.user_id) as entry, e.*
    from (
      select n.conversation_id, n.user_id, n.conversation_id as stream_id, 'member.updated' as type,
             json_build_object('user_id', n.user_id, 'role', n.role, 'nickname', n.nickname, 'joined_at', wire_time(n.joined_at),
                               'member_count', c.member_count) as payload
      from new_rows n
      join old_rows o on o.conversation_id = n.conversation_id and o.user_id = n.user_id
      join conversations c on c.id = n.conversation_id
      where (n.role, n.nickname) is distinct from (o.role, o.nickname)
      union all
      select n.conversation_id, n.user_id, n.user_id, 'membership.updated', json_build_object('conversation_id', n.conversation_id)
      from new_rows n
      join old_rows o on o.conversation_id = n.conversation_id and o.user_id = n.user_id
      where n.sent_count = o.sent_count
        and (n.read_number, n.unread_from, n.pinned_at, n.archived_at, n.muted_until, n.alias, n.notifications, n.notification_sound,
             n.desktop_notifications, n.mobile_notifications, n.show_read_receipts, n.show_typing, n.priority, n.hidden_system_categories)
          is distinct from
            (o.read_number, o.unread_from, o.pinned_at, o.archived_at, o.muted_until, o.alias, o.notifications, o.notification_sound,
             o.desktop_notifications, o.mobile_notifications, o.show_read_receipts, o.show_typing, o.priority, o.hidden_system_categories)
    ) e
  ) e
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_members__append_updated from public;
