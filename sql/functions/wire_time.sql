-- RFC 3339 in UTC with milliseconds, whatever the session's TimeZone.
create or replace function wire_time(t timestamptz) returns text language sql stable parallel safe
return to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
