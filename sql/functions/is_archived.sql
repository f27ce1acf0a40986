-- Nothing is written when a message comes: a newer one brings the conversation back, unless it came while it was muted.
create or replace function is_archived(
  archived_at timestamptz, archived_number bigint, muted_until timestamptz, message_number bigint, last_message_at timestamptz)
returns boolean language sql immutable parallel safe
return archived_at is not null and (message_number <= archived_number or coalesce(last_message_at <= muted_until, false));
