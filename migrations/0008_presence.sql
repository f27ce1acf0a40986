-- What people say of themselves, and when they were last here. Who is here now is known by the nodes that hold the sockets.
create table presence (
  user_id         uuid primary key references users (id),
  status          text not null default 'online',
  invisible_until timestamptz,
  last_seen_at    timestamptz,
  constraint presence_status_is_known check (status in ('online', 'away', 'busy', 'invisible')),
  constraint only_the_invisible_have_an_end check (invisible_until is null or status = 'invisible')
);
