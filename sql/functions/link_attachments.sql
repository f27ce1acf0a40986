-- Gives a message its files, in the order of the array, after those `before` them. They belong to `actor` and to no message
-- yet, else nothing happens.
create or replace function link_attachments(actor uuid, message uuid, files uuid[], before int default 0) returns void
language plpgsql volatile set search_path = public, pg_temp as $$
declare
  linked int;
begin
  -- Whoever finishes the previews waits for this, or this for them: either the message shows them or attachment.ready is told.
  perform from blobs b where b.id in (select a.blob_id from attachments a where a.id = any (files)) order by b.id for share;

  update attachments a
  set message_id = m.id, conversation_id = m.conversation_id, number = m.number, position = before + f.place
  from messages m, unnest(files) with ordinality as f (id, place)
  where m.id = message and a.id = f.id
    and a.user_id = actor and a.message_id is null and a.removed_at is null and a.purpose = 'message';
  get diagnostics linked = row_count;
  if linked <> cardinality(files) then
    raise exception 'attachment.in_use' using errcode = 'RT409';
  end if;
end
$$;
