-- The log: one ordered history for each conversation and for each user.

-- Narrow and hot: each event updates one row. No index but the key, so that the updates stay on their page.
create table streams (
  id              uuid primary key,
  kind            smallint not null,
  seq             bigint not null default 0,
  message_number  bigint not null default 0,
  last_event_id   bigint not null default 0,
  last_message_at timestamptz,
  constraint stream_kind_is_conversation_1_or_user_2 check (kind in (1, 2))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- CACHE 1 is a promise to the tail: ids are taken in the order in which they are used.
create table events (
  id             bigint generated always as identity (cache 1),
  stream_id      uuid not null,
  seq            bigint not null,
  type           text not null,
  actor_id       uuid,
  message_id     uuid,
  message_number bigint,
  payload        json,
  created_at     timestamptz not null default clock_timestamp(),
  primary key (id)
) partition by range (id);
-- Not unique: a partitioned table can have that only together with its partition key. The stream's row lock keeps seq unique.
create index events_are_read_by_stream on events (stream_id, seq);

-- The housekeeper adds the next ones and drops the old ones; a partition is named after its first id.
create table events_from_0 partition of events for values from (0) to (10000000);
create table events_from_10000000 partition of events for values from (10000000) to (20000000);
create table events_from_20000000 partition of events for values from (20000000) to (30000000);

create table log_state (
  only_row boolean primary key default true,
  epoch    text,
  bump     bigint not null default 0,
  safe     bigint not null default 0,
  floor    bigint not null default 0,
  constraint log_state_has_one_row check (only_row)
);
insert into log_state default values;
