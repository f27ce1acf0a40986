-- What people said.

-- No foreign keys here: each would lock a row of users, streams or messages for every message. The trigger refuses an
-- unknown conversation, and send_message() checks the sender and the reply.
create table messages (
  id              uuid primary key default uuidv7(),
  conversation_id uuid not null,
  number          bigint not null,
  sender_id       uuid,
  client_id       uuid,
  type            text not null default 'text',
  content         text,
  system          jsonb,
  reply_to_id     uuid,
  metadata        jsonb not null default '{}',
  created_at      timestamptz not null default clock_timestamp(),
  edited_at       timestamptz,
  deleted_at      timestamptz,
  deleted_by      uuid,
  delete_reason   text,
  -- seq of the last edit or deletion, 0 before the first: what was said after a reader left is not theirs to read.
  changed_seq     bigint not null default 0,
  constraint message_numbers_are_unique_in_a_conversation unique (conversation_id, number),
  constraint message_client_ids_are_unique_for_a_sender unique (sender_id, client_id),
  constraint message_type_is_known check (type in ('text', 'system')),
  constraint message_has_text_or_is_system_or_deleted check (
    case
      when deleted_at is not null then content is null
      when type = 'system' then system is not null and content is null
      else content <> '' and system is null
    end),
  constraint message_from_a_person_has_a_sender check (type = 'system' or sender_id is not null),
  -- Twice what the API takes: jsonb writes it out with blanks, and 1e300 as 301 digits.
  constraint message_metadata_is_an_object_of_at_most_32_kib
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 32768)
);

-- "Deleted for me": mine alone, the message itself is untouched.
create table hidden_messages (
  user_id         uuid not null references users (id),
  message_id      uuid not null references messages (id) on delete cascade,
  conversation_id uuid not null,
  number          bigint not null,
  primary key (user_id, message_id)
);
create index hidden_marks_go_with_their_message on hidden_messages (message_id);
