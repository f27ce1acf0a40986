-- These events as they are on the wire, in this order. For the sake of its plan, which a session makes once: to plan the views behind
-- it takes longer than to read fifty events, and whoever comes back asks for about as many.
create or replace function read_events(wanted bigint[])
returns table (
  id bigint, stream_id uuid, seq bigint, type text, at text, created_at timestamptz, message_id uuid, quoted_id uuid,
  data text, withheld_from uuid[])
language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = 'force_generic_plan' as $$
begin
  return query
  select w.id, w.stream_id, w.seq, w.type, w.at, w.created_at, w.message_id, w.quoted_id, w.data::text, w.withheld_from
  from unnest(wanted) with ordinality as c (id, ord)
  cross join lateral (select * from event_wire w where w.id = c.id offset 0) w
  order by c.ord;
end
$$;
