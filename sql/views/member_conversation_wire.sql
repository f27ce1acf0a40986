-- A conversation as one of its members sees it: its own fields, where its stream stands, and what is theirs alone.
create view member_conversation_wire as
select me.conversation_id, me.user_id, row_to_json(w) as wire
from members me
join conversations c on c.id = me.conversation_id and c.deleted_at is null
join streams s on s.id = me.conversation_id
cross join lateral (
  select c.id, c.type, c.name, c.description, avatar_url(c.id, c.avatar_id) as avatar_url, c.is_public,
         conversation_settings(c.settings) as settings, c.metadata, c.created_by, wire_time(c.created_at) as created_at,
         c.member_count, wire_time(coalesce(s.last_message_at, c.created_at)) as last_activity_at, s.seq, s.message_number,
         -- From the newest backwards; each mark is looked up by its key, however many messages the member has hidden.
         (select w.wire from message_wire w
          where w.id = (
            select m.id from messages m
            where m.conversation_id = me.conversation_id
              and not exists (select from hidden_messages h where h.user_id = me.user_id and h.message_id = m.id offset 0)
            order by m.number desc limit 1)) as last_message,
         (select p.wire from user_wire p
          where p.id = case me.user_id when c.direct_low then c.direct_high when c.direct_high then c.direct_low end) as peer,
         (select m.wire from membership_wire m where m.conversation_id = me.conversation_id and m.user_id = me.user_id) as me
) w;
