create or replace function tg_users__open_stream() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into streams (id, kind) select n.id, 2 from new_rows n;
  return null;
end
$$;
revoke execute on function tg_users__open_stream from public;
