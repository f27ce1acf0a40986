create or replace trigger t50_append_added after insert on members
  referencing new table as new_rows for each statement execute function tg_members__append_added();
create or replace trigger t50_append_updated after update on members
  referencing old table as old_rows new table as new_rows for each statement execute function tg_members__append_updated();
create or replace trigger t50_append_removed after delete on members
  referencing old table as old_rows for each statement execute function tg_members__append_removed();
create or replace trigger t90_refuse_truncate before truncate on members
  for each statement execute function tg_refuse_truncate();
