create or replace trigger t10_refuse_change before update on hidden_messages
  for each row when (old is distinct from new) execute function tg_refuse_change();
create or replace trigger t50_append_hidden after insert on hidden_messages
  referencing new table as changed_rows for each statement execute function tg_hidden_messages__append_hidden();
create or replace trigger t50_append_shown after delete on hidden_messages
  referencing old table as changed_rows for each statement execute function tg_hidden_messages__append_hidden();
