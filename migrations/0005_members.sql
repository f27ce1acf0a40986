-- What a member may do, how they are called here, how far they have read, and what is theirs alone.

-- Had another signature; what is to take its place comes with sql/functions.
drop function if exists may_send(text);

alter table members
  drop constraint member_role_is_known,
  add constraint member_role_is_known check (role in ('owner', 'admin', 'moderator', 'member', 'viewer')),
  add column nickname                 text,
  add column joined_number            bigint not null default 0,
  add column read_number              bigint not null default 0,
  add column delivered_number         bigint not null default 0,
  add column unread_from              bigint,
  -- Messages of this member since they joined.
  add column sent_count               bigint not null default 0,
  add column pinned_at                timestamptz,
  add column archived_at              timestamptz,
  -- The conversation's message_number when it was archived: a newer message brings it back.
  add column archived_number          bigint not null default 0,
  add column muted_until              timestamptz,
  add column alias                    text,
  add column notifications            text not null default 'all',
  add column notification_sound       boolean not null default true,
  add column desktop_notifications    boolean not null default true,
  add column mobile_notifications     boolean not null default true,
  add column show_read_receipts       boolean not null default true,
  add column show_typing              boolean not null default true,
  add column priority                 text not null default 'normal',
  add column hidden_system_categories text[] not null default '{}',
  add constraint nickname_is_1_to_50_characters check (char_length(nickname) between 1 and 50),
  add constraint alias_is_1_to_100_characters check (char_length(alias) between 1 and 100),
  add constraint what_was_read_was_delivered check (read_number <= delivered_number),
  add constraint unread_from_is_something_read check (unread_from between 1 and read_number),
  add constraint notifications_is_a_known_level check (notifications in ('all', 'mentions', 'none')),
  add constraint priority_is_known check (priority in ('low', 'normal', 'high')),
  add constraint hidden_system_categories_are_known
    check (hidden_system_categories <@ array['details', 'membership', 'roles', 'moderation']);

-- Everything up to now is read.
update members m
set joined_number = (
      select coalesce(max(x.number), 0) from messages x where x.conversation_id = m.conversation_id and x.created_at < m.joined_at),
    read_number = s.message_number, delivered_number = s.message_number
from streams s
where s.id = m.conversation_id;
update members m set sent_count = x.total
from (
  select x.conversation_id, x.sender_id, count(*) as total
  from messages x
  join members m on m.conversation_id = x.conversation_id and m.user_id = x.sender_id and x.number > m.joined_number
  group by x.conversation_id, x.sender_id
) x
where m.conversation_id = x.conversation_id and m.user_id = x.sender_id;

create index pinned_conversations_are_counted_by_user on members (user_id) where pinned_at is not null;

-- When a member's position moved: messages from_number to to_number were read, or delivered, then. Stretches of one kind
-- never overlap, so the first that ends at a message or later tells when, without a row for each message.
create table receipts (
  conversation_id uuid not null,
  user_id         uuid not null,
  kind            text not null,
  from_number     bigint not null,
  to_number       bigint not null,
  at              timestamptz not null default clock_timestamp(),
  primary key (conversation_id, user_id, kind, to_number),
  constraint receipt_kind_is_known check (kind in ('read', 'delivered')),
  constraint receipt_goes_forward check (from_number <= to_number)
);
