-- For what the log has told and cannot take back: who and where a row is, and that it was deleted.
create or replace function tg_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%: who and where a row is, and that it was deleted, cannot be changed', tg_table_name using errcode = 'RT500';
end
$$;
