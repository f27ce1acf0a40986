create or replace trigger t10_refuse_change before update on blobs
  for each row when ((old.id, old.user_id, old.mime_type, old.size, old.sha256) is distinct from (new.id, new.user_id, new.mime_type, new.size, new.sha256)
    or (old.removed_at is not null and new.removed_at is null)) execute function tg_refuse_change();
create or replace trigger t50_append_ready after update on blobs
  referencing old table as old_rows new table as new_rows for each statement execute function tg_blobs__append_ready();
create or replace trigger t90_refuse_truncate before truncate on blobs
  for each statement execute function tg_refuse_truncate();
