create or replace function tg_conversations__append_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ids uuid[];
  types text[];
  actors uuid[];
begin
  select array_agg(n.id order by n.id),
         array_agg(case when n.deleted_at is distinct from o.deleted_at then 'conversation.deleted' else 'conversation.updated' end
                   order by n.id),
         array_agg(current_actor())
  into ids, types, actors
  from new_rows n
  join old_rows o on o.id = n.id
  where (n.name, n.description, n.is_public, n.metadata, n.settings, n.avatar_id, n.deleted_at)
    is distinct from (o.name, o.description, o.is_public, o.metadata, o.settings, o.avatar_id, o.deleted_at);
  -- The update below fires this trigger once more: changed_seq is not among the columns that count, so it ends here.
  if ids is null then
    return null;
  end if;

  with appended as (
    select a.*, ids[a.entry] as id, types[a.entry] as type
    from append_events(ids, types, actors, null, null, null) a
  ), changed as (
    update conversations c set changed_seq = a.event_seq
    from appended a
    where c.id = a.id
  )
  -- All stays end with the deletion, which is the last that is heard: members may still go when their accounts do.
  update member_spans m set to_seq = a.event_seq, to_event_id = a.event_id
  from appended a
  where m.conversation_id = a.id and m.to_seq is null and a.type = 'conversation.deleted';
  return null;
end
$$;
revoke execute on function tg_conversations__append_changed from public;
