-- A message as its readers get it, with the excerpt of what it replies to.
create view message_wire as
select m.id, m.conversation_id, m.number, m.changed_seq,
  json_build_object(
    'id', m.id, 'conversation_id', m.conversation_id, 'number', m.number, 'sender_id', m.sender_id, 'type', m.type,
    'content', m.content,
    'reply_to', case when r.id is not null then
      json_build_object('id', r.id, 'number', r.number, 'sender_id', r.sender_id, 'excerpt', left(r.content, 140)) end,
    'system', m.system, 'metadata', m.metadata, 'client_id', m.client_id, 'created_at', wire_time(m.created_at),
    'edited_at', wire_time(m.edited_at), 'deleted_at', wire_time(m.deleted_at), 'deleted_by', m.deleted_by) as wire
from messages m
left join messages r on r.id = m.reply_to_id and r.conversation_id = m.conversation_id;
