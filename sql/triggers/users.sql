create or replace trigger t10_refuse_change before update on users
  for each row when (old.id <> new.id or (old.deleted_at is not null and new.deleted_at is null)) execute function tg_refuse_change();
create or replace trigger t10_open_stream after insert on users
  referencing new table as new_rows for each statement execute function tg_users__open_stream();
create or replace trigger t50_append_updated after update on users
  referencing old table as old_rows new table as new_rows for each statement execute function tg_users__append_updated();
