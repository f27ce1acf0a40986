-- Which nodes live, and who is on them. Nothing here outlives a crash of PostgreSQL: each node writes its own part anew.
create unlogged table nodes (
  id         uuid primary key,
  version    text not null,
  started_at timestamptz not null default now(),
  renewed_at timestamptz not null default now(),
  -- By the clock of the database alone: those of the nodes may differ.
  expires_at timestamptz not null,
  -- It has said so itself: nobody is on it any more, but for a moment those who were still count as here.
  ended_at   timestamptz,
  lag_ms     int not null,
  sockets    int not null
);

-- One row for each (user, node), however many sockets; it holds for as long as its node lives, so that a renewal is one row.
-- Without a reference: its cascade could not tell whose presence has ended. Who writes here holds the row of the node.
-- Without an index by node: only a node that is taken away needs one, and each sweep could be planned by it.
create unlogged table presence_leases (
  user_id uuid not null,
  node_id uuid not null,
  state   text not null,
  primary key (user_id, node_id),
  constraint presence_leases_state_is_known check (state in ('online', 'away'))
);
