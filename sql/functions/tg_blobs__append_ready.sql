-- Previews that are made, or turned out to be impossible, are told wherever the file is shown.
create or replace function tg_blobs__append_ready() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform append_events(
    array_agg(r.conversation_id order by r.conversation_id, r.number),
    array_agg('attachment.ready'::text),
    array_agg(null::uuid),
    array_agg(r.message_id order by r.conversation_id, r.number),
    array_agg(r.number order by r.conversation_id, r.number),
    null)
  from (
    select distinct a.conversation_id, a.message_id, a.number
    from new_rows n
    join old_rows o on o.id = n.id and o.state = 'processing' and n.state <> 'processing'
    join attachments a on a.blob_id = n.id and a.message_id is not null and a.removed_at is null
  ) r
  having count(*) > 0;
  return null;
end
$$;
revoke execute on function tg_blobs__append_ready from public;
