create or replace function tg_users__append_updated() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(array_agg(n.id), array_agg('user.updated'::text), array_agg(coalesce(current_actor(), n.id)),
                        null, null, null)
  from new_rows n
  join old_rows o on o.id = n.id
  where n.deleted_at is null
    and (n.username, n.email, n.display_name, n.bio, n.status_text, n.avatar_id)
      is distinct from (o.username, o.email, o.display_name, o.bio, o.status_text, o.avatar_id)
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_users__append_updated from public;
