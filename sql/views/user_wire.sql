-- A user as everyone may see them. Never e-mail, phone or hash.
create view user_wire as
select u.id, u.deleted_at, row_to_json(w) as wire
from users u
cross join lateral (
  select u.id, u.username, u.display_name, u.bio, u.status_text, avatar_url(u.id, u.avatar_id) as avatar_url, wire_time(u.created_at) as created_at,
         u.deleted_at is not null as deleted
) w;
