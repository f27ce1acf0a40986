-- The send rule in SQL, evaluated after the stream's lock is held; domain/access.ts has its twin, and a test proves them equal.
create or replace function may_send(role text) returns boolean language sql immutable parallel safe
return coalesce(role in ('owner', 'member'), false);
