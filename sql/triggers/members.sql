create or replace trigger t10_refuse_change before update on members
  for each row when ((old.conversation_id, old.user_id) is distinct from (new.conversation_id, new.user_id)) execute function tg_refuse_change();
create or replace trigger t10_start_reading before insert on members
  for each row execute function tg_members__start_reading();
create or replace trigger t20_refuse_banned before insert on members
  for each row execute function tg_members__refuse_banned();
create or replace trigger t50_append_added after insert on members
  referencing new table as new_rows for each statement execute function tg_members__append_added();
create or replace trigger t50_append_updated after update on members
  referencing old table as old_rows new table as new_rows for each statement execute function tg_members__append_updated();
create or replace trigger t50_append_removed after delete on members
  referencing old table as old_rows for each statement execute function tg_members__append_removed();
create or replace trigger t90_refuse_truncate before truncate on members
  for each statement execute function tg_refuse_truncate();
