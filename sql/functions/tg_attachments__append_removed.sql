-- A file that goes while its message stays is told; one that goes with its message or conversation was told with that.
create or replace function tg_attachments__append_removed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(g.conversation_id order by g.conversation_id, g.number),
    array_agg('attachment.removed'::text),
    array_agg(current_actor()),
    array_agg(g.message_id order by g.conversation_id, g.number),
    array_agg(g.number order by g.conversation_id, g.number),
    null)
  from (
    select distinct n.conversation_id, n.message_id, n.number
    from new_rows n
    join old_rows o on o.id = n.id
    join messages m on m.id = n.message_id and m.deleted_at is null
    join conversations c on c.id = n.conversation_id and c.deleted_at is null
    where n.removed_at is not null and o.removed_at is null
  ) g
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_attachments__append_removed from public;
