-- Who may not come back, and until when; without an end, never.
create table bans (
  conversation_id uuid not null references conversations (id),
  user_id         uuid not null references users (id),
  banned_by       uuid references users (id),
  reason          text,
  banned_until    timestamptz,
  created_at      timestamptz not null default now(),
  primary key (conversation_id, user_id),
  constraint ban_reason_is_1_to_500_characters check (char_length(reason) between 1 and 500)
);
