create or replace function tg_refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'TRUNCATE of % would take away what members were promised; delete rows instead', tg_table_name
    using errcode = 'RT500';
end
$$;
