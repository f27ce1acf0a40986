-- What a conversation is to one of its members: `me` of the wire.
create view membership_wire as
select me.conversation_id, me.user_id, row_to_json(w) as wire
from members me
join streams s on s.id = me.conversation_id
cross join lateral (
  select me.role, me.nickname, wire_time(me.joined_at) as joined_at, me.read_number, me.delivered_number, me.unread_from,
         s.message_number - coalesce(me.unread_from - 1, me.read_number) as unread_count, wire_time(me.pinned_at) as pinned_at,
         case when is_archived(me.archived_at, me.archived_number, me.muted_until, s.message_number, s.last_message_at) then
           wire_time(me.archived_at)
         end as archived_at,
         wire_time(me.muted_until) as muted_until, me.alias, me.notifications, me.notification_sound, me.desktop_notifications,
         me.mobile_notifications, me.show_read_receipts, me.show_typing, me.priority, me.hidden_system_categories
) w;
