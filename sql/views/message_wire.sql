-- A message as its readers get it, with the excerpt of what it replies to. `changed_seq` is that of the newest text in it.
create view message_wire as
select m.id, m.conversation_id, m.number, greatest(m.changed_seq, r.changed_seq) as changed_seq, r.id as quoted_id, row_to_json(w) as wire
from messages m
-- By its key alone, whatever the planner thinks: with the conversation beside it, a plan that was made while the table was
-- empty reads the whole conversation for one reply.
left join lateral (
  select r.id, r.conversation_id, r.number, r.sender_id, r.content, r.changed_seq
  from messages r
  where r.id = m.reply_to_id
  offset 0
) r on r.conversation_id = m.conversation_id
cross join lateral (
  select m.id, m.conversation_id, m.number, m.sender_id, m.type, m.content,
         case when m.attachment_count > 0 and m.deleted_at is null then (
           select coalesce(json_agg(a.wire order by a.position), '[]')
           from (select a.wire, a.position from attachment_wire a where a.message_id = m.id offset 0) a)
         else '[]' end as attachments,
         case when r.id is not null then
           json_build_object('id', r.id, 'number', r.number, 'sender_id', r.sender_id, 'excerpt', left(r.content, 140))
         end as reply_to,
         m.system, m.metadata, m.client_id, wire_time(m.created_at) as created_at, wire_time(m.edited_at) as edited_at,
         wire_time(m.deleted_at) as deleted_at, m.deleted_by
) w;
