-- The send rule in SQL, evaluated after the stream's lock is held; domain/access.ts has its twin, and a test proves them equal.
-- `blocked`: a direct conversation of two of whom one has blocked the other.
create or replace function may_send(role text, blocked boolean) returns boolean language sql immutable parallel safe
return coalesce(role in ('owner', 'admin', 'moderator', 'member') and not blocked, false);
