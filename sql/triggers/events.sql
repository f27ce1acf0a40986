create or replace trigger t90_refuse_truncate before truncate on events
  for each statement execute function tg_refuse_truncate();
