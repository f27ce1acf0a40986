-- A message as its readers get it, with the excerpt of what it replies to.
create view message_wire as
select m.id, m.conversation_id, m.number, m.changed_seq, row_to_json(w) as wire
from messages m
left join messages r on r.id = m.reply_to_id and r.conversation_id = m.conversation_id
cross join lateral (
  select m.id, m.conversation_id, m.number, m.sender_id, m.type, m.content,
         case when r.id is not null then
           json_build_object('id', r.id, 'number', r.number, 'sender_id', r.sender_id, 'excerpt', left(r.content, 140))
         end as reply_to,
         m.system, m.metadata, m.client_id, wire_time(m.created_at) as created_at, wire_time(m.edited_at) as edited_at,
         wire_time(m.deleted_at) as deleted_at, m.deleted_by
) w;
