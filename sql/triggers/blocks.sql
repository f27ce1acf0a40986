create or replace trigger t10_refuse_change before update on blocks
  for each row when (old is distinct from new) execute function tg_refuse_change();
create or replace trigger t50_append_added after insert on blocks
  referencing new table as changed_rows for each statement execute function tg_blocks__append_changed();
create or replace trigger t50_append_removed after delete on blocks
  referencing old table as changed_rows for each statement execute function tg_blocks__append_changed();
create or replace trigger t90_refuse_truncate before truncate on blocks
  for each statement execute function tg_refuse_truncate();
