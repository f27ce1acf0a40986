create or replace function tg_messages__append_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (
    select from old_rows o left join new_rows n on n.id = o.id
    where n.id is null
       or (n.conversation_id, n.number, n.sender_id, n.type) is distinct from (o.conversation_id, o.number, o.sender_id, o.type)
  ) then
    raise exception 'message.place_is_fixed' using errcode = 'RT500';
  end if;

  -- This update fires the trigger once more; changed_seq is not among the columns that are looked at, so it ends there.
  with changed as (
    select n.id, n.conversation_id, n.number, coalesce(current_actor(), n.deleted_by, n.sender_id) as actor_id,
           case when n.deleted_at is not null then 'message.deleted' else 'message.edited' end as type,
           row_number() over (order by n.conversation_id, n.number) as entry
    from new_rows n
    join old_rows o on o.id = n.id
    where (n.content, n.metadata, n.system, n.deleted_at) is distinct from (o.content, o.metadata, o.system, o.deleted_at)
  ), appended as (
    select a.* from (
      select array_agg(c.conversation_id order by c.entry) as streams, array_agg(c.type order by c.entry) as types,
             array_agg(c.actor_id order by c.entry) as actors, array_agg(c.id order by c.entry) as ids,
             array_agg(c.number order by c.entry) as numbers
      from changed c
      having count(*) > 0
    ) e, append_events(e.streams, e.types, e.actors, e.ids, e.numbers, null) a
  )
  update messages m set changed_seq = a.event_seq
  from changed c join appended a using (entry)
  where m.id = c.id;
  return null;
end
$$;
