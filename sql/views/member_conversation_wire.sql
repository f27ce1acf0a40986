-- A conversation as one of its members sees it: its own fields, where its stream stands, and what is theirs alone.
create view member_conversation_wire as
select me.conversation_id, me.user_id,
  json_build_object(
    'id', c.id, 'type', c.type, 'name', c.name, 'description', c.description, 'is_public', c.is_public, 'metadata', c.metadata,
    'created_by', c.created_by, 'created_at', wire_time(c.created_at), 'member_count', c.member_count,
    'last_activity_at', wire_time(coalesce(s.last_message_at, c.created_at)),
    'seq', s.seq, 'message_number', s.message_number,
    'last_message', (
      select w.wire from message_wire w
      where w.conversation_id = me.conversation_id
        and not exists (select from hidden_messages h where h.user_id = me.user_id and h.message_id = w.id)
      order by w.number desc limit 1),
    'peer', (
      select p.wire from user_wire p
      where p.id = case me.user_id when c.direct_low then c.direct_high when c.direct_high then c.direct_low end),
    'me', json_build_object('role', me.role, 'joined_at', wire_time(me.joined_at))) as wire
from members me
join conversations c on c.id = me.conversation_id and c.deleted_at is null
join streams s on s.id = me.conversation_id;
