-- The log as it is read: an event says what happened, the row says what is. `data` is the finished JSON of the wire.
-- An event whose row is gone, or that has no payload, has `null` as its data: it is handed out like any other.
-- Whatever stands in a payload, it can be read: what is said of it must not stop what comes after it.
-- `withheld_from`: those who left before the row was last changed; they get the event without its content.
create view event_wire as
select e.id, e.stream_id, e.seq, e.type, e.created_at, wire_time(e.created_at) as at, e.message_id, m.quoted_id,
  coalesce(case
    when e.message_id is not null then coalesce(m.wire, gone_message(e.message_id, e.stream_id, e.message_number))
    when c.id is not null then c.wire
    when e.type = 'conversation.joined' then
      json_build_object(
        'seq', substring(e.payload::text from '"seq"\s*:\s*(\d{1,18})\M')::bigint,
        'conversation_id', conversation_of(e.payload),
        'conversation', (
          select j.wire from member_conversation_wire j
          where j.conversation_id = conversation_of(e.payload) and j.user_id = e.stream_id))
    when e.type = 'membership.updated' then
      json_build_object(
        'conversation_id', conversation_of(e.payload),
        'me', (
          select m.wire from membership_wire m
          where m.conversation_id = conversation_of(e.payload) and m.user_id = e.stream_id))
    when e.type = 'user.updated' then (select u.wire from user_wire u where u.id = e.stream_id)
    else e.payload
  end, 'null') as data,
  case when coalesce(m.changed_seq, c.changed_seq) > e.seq then
    withheld_readers(e.stream_id, e.seq, coalesce(m.changed_seq, c.changed_seq))
  end as withheld_from
from events e
left join lateral (select * from message_wire m where m.id = e.message_id offset 0) m on true
left join lateral (
  select * from conversation_wire c
  where c.id = e.stream_id and e.type in ('conversation.created', 'conversation.updated', 'conversation.deleted')
  offset 0
) c on true;
