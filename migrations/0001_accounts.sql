-- Who there is: accounts, their sessions, and the keys that sign their tokens.

-- uuidv7() is built in from PostgreSQL 18 on.
do $$
begin
  if current_setting('server_version_num')::int < 180000 then
    create function uuidv7() returns uuid language sql volatile parallel safe
    -- RFC 9562: 48 bits of milliseconds over a random version 4; bits 52 and 53 turn version 4 into 7.
    return encode(
      set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
          placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
          from 1 for 6),
        52, 1), 53, 1),
      'hex')::uuid;
  end if;
end
$$;

create extension if not exists pg_trgm;

create table users (
  id            uuid primary key default uuidv7(),
  username      text not null,
  email         text,
  password_hash text,
  display_name  text,
  bio           text not null default '',
  status_text   text not null default 'Hey there! I am using Earshot',
  created_at    timestamptz not null default now(),
  deleted_at    timestamptz,
  constraint username_is_2_to_40_plain_characters check (username ~ '^[A-Za-z0-9][A-Za-z0-9._-]{1,39}$'),
  constraint display_name_is_2_to_50_characters check (char_length(display_name) between 2 and 50),
  constraint bio_is_at_most_200_characters check (char_length(bio) <= 200),
  constraint status_text_is_at_most_140_characters check (char_length(status_text) <= 140),
  constraint deleted_account_keeps_nothing_personal
    check (deleted_at is null or (email is null and password_hash is null and display_name is null and bio = '' and status_text = ''))
);
create unique index one_account_for_each_username on users (lower(username));
create unique index one_account_for_each_email on users (lower(email));
create index users_are_found_by_part_of_a_name on users
  using gin (lower(username) gin_trgm_ops, lower(display_name) gin_trgm_ops) where deleted_at is null;

-- A session is one signed-in device. Its refresh token is two secrets: the first half names the family and stays, the
-- second changes with each use. A token of the family that is not the current one has been used before.
create table sessions (
  id             uuid primary key default uuidv7(),
  user_id        uuid not null references users (id),
  family_hash    bytea not null,
  refresh_hash   bytea not null,
  user_agent     text not null default '',
  ip             text not null default '',
  created_at     timestamptz not null default now(),
  last_active_at timestamptz not null default now(),
  expires_at     timestamptz not null,
  ended_at       timestamptz,
  end_reason     text,
  constraint session_has_a_reason_when_it_ended check ((ended_at is null) = (end_reason is null)),
  constraint user_agent_is_at_most_300_characters check (char_length(user_agent) <= 300)
);
create unique index one_session_for_each_refresh_family on sessions (family_hash);
create index sessions_are_listed_by_user on sessions (user_id, last_active_at) where ended_at is null;
create index sessions_that_ended_are_loaded_at_start on sessions (ended_at) where ended_at is not null;
create index sessions_are_purged_when_stale on sessions (expires_at);

create table signing_keys (
  kid         text primary key,
  private_jwk jsonb not null,
  public_jwk  jsonb not null,
  created_at  timestamptz not null default now(),
  retired_at  timestamptz
);
create unique index one_signing_key_is_current on signing_keys ((true)) where retired_at is null;

-- Counters of the rate limiter: losing them in a crash is harmless.
create unlogged table rate_limits (
  key    text primary key,
  points integer not null default 0,
  expire bigint
);
