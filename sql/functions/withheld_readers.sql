-- Who heard the stream at `seq` but was gone for good before `changed_seq`.
create or replace function withheld_readers(stream uuid, seq bigint, changed_seq bigint) returns uuid[]
language sql stable parallel safe set search_path = public, pg_temp as $$
  select array_agg(at.user_id)
  from member_spans at
  where at.conversation_id = stream and withheld_readers.seq between at.from_seq and at.to_seq
    and not exists (
      select from member_spans later
      where later.conversation_id = stream and later.user_id = at.user_id
        and (later.to_seq is null or later.to_seq >= withheld_readers.changed_seq));
$$;
