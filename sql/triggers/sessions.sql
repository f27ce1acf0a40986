create or replace trigger t50_append_revoked after update on sessions
  referencing old table as old_rows new table as new_rows for each statement execute function tg_sessions__append_revoked();
