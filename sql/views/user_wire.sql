-- A user as everyone may see them. Never e-mail, phone or hash.
create view user_wire as
select u.id, u.deleted_at,
  json_build_object(
    'id', u.id, 'username', u.username, 'display_name', u.display_name, 'bio', u.bio, 'status_text', u.status_text,
    'created_at', wire_time(u.created_at), 'deleted', u.deleted_at is not null) as wire
from users u;
