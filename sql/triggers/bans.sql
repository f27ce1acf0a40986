create or replace trigger t10_refuse_change before update on bans
  for each row when ((old.conversation_id, old.user_id) is distinct from (new.conversation_id, new.user_id)) execute function tg_refuse_change();
create or replace trigger t50_append_banned after insert on bans
  referencing new table as changed_rows for each statement execute function tg_bans__append_changed();
create or replace trigger t50_append_changed after update on bans
  referencing new table as changed_rows for each statement execute function tg_bans__append_changed();
create or replace trigger t50_append_unbanned after delete on bans
  referencing old table as changed_rows for each statement execute function tg_bans__append_changed();
create or replace trigger t90_refuse_truncate before truncate on bans
  for each statement execute function tg_refuse_truncate();
