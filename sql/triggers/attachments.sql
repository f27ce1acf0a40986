create or replace trigger t10_refuse_change before update on attachments
  for each row when ((old.id, old.user_id, old.purpose, old.size) is distinct from (new.id, new.user_id, new.purpose, new.size)
    or (old.blob_id is distinct from new.blob_id and (new.blob_id is not null or new.removed_at is null))
    or (old.message_id is not null and old.message_id is distinct from new.message_id)
    or (old.removed_at is not null and new.removed_at is null)) execute function tg_refuse_change();
create or replace trigger t50_count_bytes after insert on attachments
  referencing new table as new_rows for each statement execute function tg_attachments__count_bytes();
create or replace trigger t50_free_bytes after update on attachments
  referencing old table as old_rows new table as new_rows for each statement execute function tg_attachments__count_bytes();
create or replace trigger t60_append_removed after update on attachments
  referencing old table as old_rows new table as new_rows for each statement execute function tg_attachments__append_removed();
create or replace trigger t60_append_moved after update on attachments
  referencing old table as old_rows new table as new_rows for each statement execute function tg_attachments__append_moved();
create or replace trigger t90_refuse_truncate before truncate on attachments
  for each statement execute function tg_refuse_truncate();
