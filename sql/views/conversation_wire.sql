-- A conversation's own fields, the same for every reader.
create view conversation_wire as
select c.id, c.deleted_at, c.changed_seq, row_to_json(w) as wire
from conversations c
cross join lateral (
  select c.id, c.type, c.name, c.description, avatar_url(c.id, c.avatar_id) as avatar_url, c.is_public,
         conversation_settings(c.settings) as settings, c.metadata, c.created_by, wire_time(c.created_at) as created_at,
         c.member_count
) w;
