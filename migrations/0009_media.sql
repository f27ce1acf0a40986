-- Files that people send. Bytes are in the storage, under keys made of ids; here is what is known of them.

-- A stored file, safe to be shown, under media/<id>/. Its bytes never change.
create table blobs (
  id          uuid primary key,
  user_id     uuid not null,
  mime_type   text not null,
  size        bigint not null,
  sha256      bytea not null,
  -- processing: previews are being made; failed: none could be made, the file itself is there.
  state       text not null default 'processing',
  width       integer,
  height      integer,
  duration_ms bigint,
  is_animated boolean not null default false,
  blurhash    text,
  waveform    smallint[],
  variants    jsonb not null default '[]',
  created_at  timestamptz not null default now(),
  -- From then on nobody can use it again; its bytes are about to go.
  removed_at  timestamptz,
  constraint blob_state_is_known check (state in ('processing', 'ready', 'failed')),
  constraint blob_size_is_positive check (size > 0),
  constraint blob_variants_are_a_list check (jsonb_typeof(variants) = 'array')
);
create index same_file_of_a_user_is_kept_once on blobs (user_id, sha256);
create index blobs_in_work_are_counted_by_user on blobs (user_id) where state = 'processing';
create index blobs_are_purged_when_removed on blobs (removed_at) where removed_at is not null;

-- One use of a blob: in a message, as somebody's picture, or still its uploader's alone.
create table attachments (
  id              uuid primary key,
  -- Without bytes here: they are at a media service that the client knows.
  blob_id         uuid references blobs (id),
  external        jsonb,
  user_id         uuid not null,
  purpose         text not null default 'message',
  kind            text not null,
  mime_type       text not null,
  filename        text not null,
  size            bigint not null,
  conversation_id uuid,
  message_id      uuid,
  number          bigint,
  position        smallint,
  created_at      timestamptz not null default now(),
  removed_at      timestamptz,
  -- A removed one keeps its name in its message when all else of it is gone.
  constraint attachment_has_bytes_or_is_elsewhere
    check (num_nonnulls(blob_id, external) = 1 or (removed_at is not null and num_nonnulls(blob_id, external) = 0)),
  constraint attachment_purpose_is_known check (purpose in ('message', 'avatar')),
  constraint attachment_kind_is_known check (kind in ('image', 'video', 'audio', 'voice', 'file')),
  constraint attachment_filename_is_1_to_255_characters check (char_length(filename) between 1 and 255),
  constraint attachment_is_linked_whole_or_not_at_all
    check (num_nulls(conversation_id, message_id, number, position) in (0, 4))
);
create index attachments_are_found_by_message on attachments (message_id, position) where message_id is not null;
create index attachments_are_found_by_blob on attachments (blob_id);
create index attachments_are_listed_by_conversation on attachments (conversation_id, number desc, position desc)
  where conversation_id is not null and removed_at is null;
create index attachments_are_listed_by_kind on attachments (conversation_id, kind, number desc, position desc)
  where conversation_id is not null and removed_at is null;
create index attachments_of_a_user_are_removed_with_the_account on attachments (user_id) where removed_at is null;
create index attachments_that_nobody_links_are_swept on attachments (created_at)
  where message_id is null and removed_at is null and purpose = 'message';
create index attachments_are_purged_when_removed on attachments (removed_at)
  where removed_at is not null and (blob_id is not null or external is not null);
create index external_ones_that_nobody_links_are_counted on attachments (user_id)
  where external is not null and message_id is null and removed_at is null;

-- Bytes on their way. The row comes before the first byte, so that whatever a crash leaves is found again. Its id becomes
-- that of the attachment.
create table uploads (
  id              uuid primary key default uuidv7(),
  user_id         uuid not null references users (id),
  method          text not null,
  conversation_id uuid,
  filename        text,
  mime_type       text,
  size            bigint,
  sha256          bytea,
  is_voice        boolean not null default false,
  keep_metadata   boolean not null default false,
  metadata        text,
  -- The bytes of its parts, and how many parts they are.
  received        bigint not null default 0,
  parts           integer not null default 0,
  -- Who works on it now: whoever comes after takes its place, and what the former one still writes counts no more.
  writer          uuid,
  -- Until then it is being taken in, and nobody takes that place.
  busy_until      timestamptz,
  created_at      timestamptz not null default now(),
  expires_at      timestamptz not null,
  -- From then on it cannot become an attachment; its bytes are about to go, and then the row.
  removed_at      timestamptz,
  constraint upload_method_is_known check (method in ('multipart', 'signed', 'resumable')),
  constraint upload_size_is_positive check (size > 0),
  constraint upload_receives_no_more_than_its_size check (received <= size)
);
create index uploads_are_counted_by_user on uploads (user_id);
create index uploads_are_swept_when_expired on uploads (expires_at) where removed_at is null;
create index uploads_are_purged_when_removed on uploads (removed_at) where removed_at is not null;

-- The stretches of a resumable upload that are stored, each under staging/<upload>/<first byte>-<writer>: two who write at
-- the same time never write the same object.
create table upload_parts (
  upload_id  uuid not null references uploads (id) on delete cascade,
  first_byte bigint not null,
  size       bigint not null,
  writer     uuid not null,
  primary key (upload_id, first_byte),
  constraint upload_part_is_not_empty check (size > 0 and first_byte >= 0)
);

-- Bytes of all attachments that a user has and has not removed.
create table media_usage (
  user_id uuid primary key,
  bytes   bigint not null default 0
);

-- What nodes share and nobody else may know.
create table secrets (
  name  text primary key,
  value bytea not null
);

alter table messages
  add column attachment_count smallint not null default 0,
  drop constraint message_type_is_known,
  -- Not looked through: each allows what the former one did.
  add constraint message_type_is_known
    check (type in ('text', 'system', 'image', 'video', 'audio', 'voice', 'file')) not valid,
  drop constraint message_has_text_or_is_system_or_deleted,
  add constraint message_has_text_or_attachment check (
    case
      when deleted_at is not null then content is null
      when type = 'system' then system is not null and content is null and attachment_count = 0
      when type = 'text' then content <> '' and system is null and attachment_count = 0
      else coalesce(content, '-') <> '' and system is null and attachment_count > 0
    end) not valid;

alter table users add column avatar_id uuid;
alter table conversations
  add column avatar_id uuid,
  add column settings jsonb not null default '{}',
  add constraint conversation_settings_are_an_object check (jsonb_typeof(settings) = 'object') not valid;

-- Made again with the attachments; one with a default, so that a node of the former version still calls it.
drop function if exists send_message(uuid, uuid, uuid, text, uuid, jsonb);
