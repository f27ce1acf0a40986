-- What opens one socket, once, for half a minute. Losing them in a crash costs a second request.
create unlogged table tickets (
  hash             bytea primary key,
  user_id          uuid not null,
  -- No reference: its lock would be a write to a row of a table that is logged, and who redeems a ticket looks there anyway.
  session_id       uuid not null,
  token_expires_at timestamptz not null,
  expires_at       timestamptz not null
);
create index tickets_are_purged_when_expired on tickets (expires_at);
