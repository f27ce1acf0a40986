-- Whether one of the two has blocked the other.
create or replace function are_blocked(one uuid, other uuid) returns boolean language sql stable parallel safe
return exists (
  select from blocks b where (b.blocker_id = one and b.blocked_id = other) or (b.blocker_id = other and b.blocked_id = one));
