create or replace function tg_messages__append_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ids uuid[];
  homes uuid[];
  types text[];
  actors uuid[];
  numbers bigint[];
begin
  select array_agg(c.id order by c.conversation_id, c.number), array_agg(c.conversation_id order by c.conversation_id, c.number),
         array_agg(c.type order by c.conversation_id, c.number), array_agg(c.actor_id order by c.conversation_id, c.number),
         array_agg(c.number order by c.conversation_id, c.number)
  into ids, homes, types, actors, numbers
  from (
    select n.id, n.conversation_id, n.number, coalesce(current_actor(), n.deleted_by, n.sender_id) as actor_id,
           case when n.deleted_at is not null then 'message.deleted' else 'message.edited' end as type
    from new_rows n
    join old_rows o on o.id = n.id
    where (n.content, n.metadata, n.system, n.attachment_count, n.deleted_at)
      is distinct from (o.content, o.metadata, o.system, o.attachment_count, o.deleted_at)
  ) c;
  -- The update below fires this trigger once more: changed_seq is not among the columns that count, so it ends here.
  if ids is null then
    return null;
  end if;

  update messages m set changed_seq = a.event_seq
  from append_events(homes, types, actors, ids, numbers, null) a
  where m.id = ids[a.entry];
  return null;
end
$$;
revoke execute on function tg_messages__append_changed from public;
