-- Of a user or a conversation: the picture they chose, or the one that is drawn from their id.
create or replace function avatar_url(owner uuid, avatar uuid) returns text language sql immutable parallel safe
return case when avatar is null then '/api/v1/avatars/default/' || owner else '/api/v1/avatars/' || avatar end;
