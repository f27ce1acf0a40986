create or replace function tg_conversations__append_created() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into streams (id, kind) select n.id, 1 from new_rows n;
  perform append_events(array_agg(n.id), array_agg('conversation.created'::text), array_agg(coalesce(current_actor(), n.created_by)),
                        null, null, null)
  from new_rows n
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_conversations__append_created from public;
