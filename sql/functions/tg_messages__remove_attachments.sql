-- What a deleted message showed is gone with it: at once for readers, after a while from the storage.
create or replace function tg_messages__remove_attachments() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update attachments a set removed_at = now()
  from new_rows n
  join old_rows o on o.id = n.id
  where n.deleted_at is not null and o.deleted_at is null and n.attachment_count > 0
    and a.message_id = n.id and a.removed_at is null;
  -- Those of which only the name was left. The purge, which makes them, holds the message meanwhile.
  delete from attachments a
  using new_rows n
  join old_rows o on o.id = n.id
  where n.deleted_at is not null and o.deleted_at is null and n.attachment_count > 0
    and a.message_id = n.id and a.removed_at is not null and a.blob_id is null and a.external is null;
  return null;
end
$$;
revoke execute on function tg_messages__remove_attachments from public;
