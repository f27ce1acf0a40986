-- Announced on the owner's stream: every node closes the session's sockets and refuses its tokens from here on.
create or replace function tg_sessions__append_revoked() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(array_agg(n.user_id order by n.id), array_agg('session.revoked'::text), array_agg(current_actor()), null, null,
                        array_agg(json_build_object('session_id', n.id, 'reason', n.end_reason) order by n.id))
  from new_rows n
  join old_rows o on o.id = n.id
  where n.ended_at is not null and o.ended_at is null
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_sessions__append_revoked from public;
