-- The log as it is read: an event says what happened, the row says what is. `data` is the finished JSON of the wire.
-- An event whose row is gone, or that has no payload, has `null` as its data: it is handed out like any other.
-- Whatever stands in a payload, it can be read: what is said of it must not stop what comes after it.
-- `withheld_from`: those who left before the row was last changed; they get the event without its content.
create view event_wire as
select e.id, e.stream_id, e.seq, e.type, e.created_at, wire_time(e.created_at) as at, e.message_id, m.quoted_id,
  coalesce(
    case when e.message_id is not null then coalesce(m.wire, gone_message(e.message_id, e.stream_id, e.message_number)) else o.data end,
    'null') as data,
  case when coalesce(m.changed_seq, o.changed_seq) > e.seq then
    withheld_readers(e.stream_id, e.seq, coalesce(m.changed_seq, o.changed_seq))
  end as withheld_from
from events e
left join lateral (select * from message_wire m where m.id = e.message_id offset 0) m on true
left join lateral (select o.* from other_event(e.stream_id, e.type, e.payload) o where e.message_id is null offset 0) o on true;
