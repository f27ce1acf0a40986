-- Where people talk, and who is there.

create table conversations (
  id           uuid primary key default uuidv7(),
  type         text not null,
  name         text,
  description  text,
  is_public    boolean not null default false,
  metadata     jsonb not null default '{}',
  created_by   uuid references users (id),
  direct_low   uuid references users (id),
  direct_high  uuid references users (id),
  member_count integer not null default 0,
  created_at   timestamptz not null default now(),
  deleted_at   timestamptz,
  -- seq of the last change of what is shown of it, as for messages.
  changed_seq  bigint not null default 0,
  constraint conversation_type_is_known check (type in ('direct', 'group')),
  constraint direct_conversation_has_two_different_people
    check (case when type = 'direct' then coalesce(direct_low < direct_high, false) else direct_low is null and direct_high is null end),
  constraint only_a_group_has_a_name check ((type = 'direct') = (name is null)),
  constraint conversation_name_is_1_to_100_characters check (char_length(name) between 1 and 100),
  constraint conversation_description_is_1_to_500_characters check (char_length(description) between 1 and 500),
  -- Twice what the API takes: jsonb writes it out with blanks, and 1e300 as 301 digits.
  constraint conversation_metadata_is_an_object_of_at_most_32_kib
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 32768)
);
create unique index one_direct_conversation_for_each_pair on conversations (direct_low, direct_high);
create unique index one_group_of_a_name_for_each_creator on conversations (created_by, lower(name)) where deleted_at is null;

create table members (
  conversation_id uuid not null references conversations (id),
  user_id         uuid not null references users (id),
  role            text not null default 'member',
  joined_at       timestamptz not null default now(),
  primary key (conversation_id, user_id),
  constraint member_role_is_known check (role in ('owner', 'member'))
);
create index memberships_are_listed_by_user on members (user_id, conversation_id);

-- Each stay of each member, in seqs of the conversation's stream, both ends included: who may hear what.
create table member_spans (
  conversation_id uuid not null,
  user_id         uuid not null,
  from_seq        bigint not null,
  to_seq          bigint,
  from_event_id   bigint not null,
  to_event_id     bigint,
  primary key (conversation_id, user_id, from_seq)
);
create unique index one_open_span_for_each_member on member_spans (conversation_id, user_id) where to_seq is null;
create index spans_are_resumed_by_user on member_spans (user_id, to_event_id);
