-- What each user's files take up, kept beside them so that nobody has to add it up. The row of a user is locked until the
-- transaction ends, so two uploads at once cannot both take the last of it.
create or replace function tg_attachments__count_bytes() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into media_usage as u (user_id, bytes)
    select n.user_id, sum(n.size) from new_rows n where n.blob_id is not null group by n.user_id order by n.user_id
    on conflict (user_id) do update set bytes = u.bytes + excluded.bytes;
  else
    update media_usage u set bytes = u.bytes - gone.bytes
    from (
      select n.user_id, sum(n.size) as bytes
      from new_rows n
      join old_rows o on o.id = n.id
      where n.removed_at is not null and o.removed_at is null and n.blob_id is not null
      group by n.user_id
    ) gone
    where u.user_id = gone.user_id;
  end if;
  return null;
end
$$;
revoke execute on function tg_attachments__count_bytes from public;
