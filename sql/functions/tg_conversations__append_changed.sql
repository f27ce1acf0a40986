create or replace function tg_conversations__append_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(n.id),
    array_agg(case when n.deleted_at is not null then 'conversation.deleted' else 'conversation.updated' end),
    array_agg(current_actor()), null, null, null)
  from new_rows n
  join old_rows o on o.id = n.id
  where (n.deleted_at is not null and o.deleted_at is null)
     or (n.name, n.description, n.is_public, n.metadata) is distinct from (o.name, o.description, o.is_public, o.metadata)
  having count(*) > 0;
  return null;
end
$$;
