-- For the devices of the one who blocks; the other one is told nothing.
create or replace function tg_blocks__append_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(b.blocker_id order by b.blocker_id, b.blocked_id),
    array_agg(case when tg_op = 'DELETE' then 'block.removed' else 'block.added' end),
    array_agg(current_actor()), null, null,
    array_agg(json_build_object('user_id', b.blocked_id) order by b.blocker_id, b.blocked_id))
  from changed_rows b
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_blocks__append_changed from public;
