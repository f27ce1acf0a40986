-- The partitions of the log with their bounds: ids from `low` to below `high`.
create or replace function event_partitions() returns table (name text, low bigint, high bigint)
language sql stable set search_path = public, pg_temp as $$
  select c.relname::text, b.bounds[1]::bigint, b.bounds[2]::bigint
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid,
  regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''?(\d+)''?\) TO \(''?(\d+)''?\)') as b (bounds)
  where i.inhparent = 'events'::regclass
  order by 2;
$$;
