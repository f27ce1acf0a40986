-- A conversation's own fields, the same for every reader.
create view conversation_wire as
select c.id, c.deleted_at,
  json_build_object(
    'id', c.id, 'type', c.type, 'name', c.name, 'description', c.description, 'is_public', c.is_public, 'metadata', c.metadata,
    'created_by', c.created_by, 'created_at', wire_time(c.created_at), 'member_count', c.member_count) as wire
from conversations c;
