-- What another media service has done with a file that it keeps, told like previews that are made: its state is another one.
create or replace function tg_attachments__append_moved() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(g.conversation_id order by g.conversation_id, g.number),
    array_agg('attachment.ready'::text),
    array_agg(current_actor()),
    array_agg(g.message_id order by g.conversation_id, g.number),
    array_agg(g.number order by g.conversation_id, g.number),
    null)
  from (
    select distinct n.conversation_id, n.message_id, n.number
    from new_rows n
    join old_rows o on o.id = n.id
    -- One that is linked just now is told with its message.
    where n.external is distinct from o.external and o.message_id is not null and n.removed_at is null
  ) g
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_attachments__append_moved from public;
