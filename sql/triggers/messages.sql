create or replace trigger t10_refuse_change before update on messages
  for each row when ((old.id, old.conversation_id, old.number, old.sender_id, old.type) is distinct from (new.id, new.conversation_id, new.number, new.sender_id, new.type)
    or (old.deleted_at is not null and new.deleted_at is null)) execute function tg_refuse_change();
create or replace trigger t10_number before insert on messages
  for each row when (new.number is null) execute function tg_messages__number();
create or replace trigger t50_append_created after insert on messages
  referencing new table as new_rows for each statement execute function tg_messages__append_created();
create or replace trigger t50_append_changed after update on messages
  referencing old table as old_rows new table as new_rows for each statement execute function tg_messages__append_changed();
create or replace trigger t60_remove_attachments after update on messages
  referencing old table as old_rows new table as new_rows for each statement execute function tg_messages__remove_attachments();
create or replace trigger t90_refuse_truncate before truncate on messages
  for each statement execute function tg_refuse_truncate();
