-- Who wants nothing to do with whom. It holds both ways, whoever began.
create table blocks (
  blocker_id uuid not null references users (id),
  blocked_id uuid not null references users (id),
  created_at timestamptz not null default now(),
  primary key (blocker_id, blocked_id),
  constraint nobody_blocks_themselves check (blocker_id <> blocked_id)
);
create index blocks_are_found_from_either_side on blocks (blocked_id);
