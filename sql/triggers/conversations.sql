create or replace trigger t10_refuse_change before update on conversations
  for each row when ((old.id, old.type, old.direct_low, old.direct_high) is distinct from (new.id, new.type, new.direct_low, new.direct_high)
    or (old.deleted_at is not null and new.deleted_at is null)) execute function tg_refuse_change();
create or replace trigger t50_append_created after insert on conversations
  referencing new table as new_rows for each statement execute function tg_conversations__append_created();
create or replace trigger t50_append_changed after update on conversations
  referencing old table as old_rows new table as new_rows for each statement execute function tg_conversations__append_changed();
create or replace trigger t90_refuse_truncate before truncate on conversations
  for each statement execute function tg_refuse_truncate();
