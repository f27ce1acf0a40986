create or replace trigger t10_refuse_change before update on sessions
  for each row when ((old.id, old.user_id) is distinct from (new.id, new.user_id) or (old.ended_at is not null and new.ended_at is null)) execute function tg_refuse_change();
create or replace trigger t50_append_revoked after update on sessions
  referencing old table as old_rows new table as new_rows for each statement execute function tg_sessions__append_revoked();
