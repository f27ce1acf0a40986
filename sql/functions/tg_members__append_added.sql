-- A member hears their conversation from the event after their own member.added on.
create or replace function tg_members__append_added() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  people uuid[];
  homes uuid[];
  event_ids bigint[];
  seqs bigint[];
begin
  perform from streams s where s.id in (select conversation_id from new_rows) order by s.kind, s.id for no key update;
  update conversations c set member_count = c.member_count + n.added
  from (select conversation_id, count(*) as added from new_rows group by conversation_id) n
  where c.id = n.conversation_id;

  with added as (
    select n.user_id, n.conversation_id, n.role, n.nickname, n.joined_at, c.member_count,
           row_number() over (order by n.conversation_id, n.user_id) as entry
    from new_rows n join conversations c on c.id = n.conversation_id
  ), appended as (
    select a.* from (
      select array_agg(n.conversation_id order by n.entry) as streams,
             array_agg('member.added'::text) as types,
             array_agg(current_actor()) as actors,
             array_agg(json_build_object('user_id', n.user_id, 'role', n.role, 'nickname', n.nickname, 'joined_at', wire_time(n.joined_at),
                                         'member_count', n.member_count) order by n.entry) as payloads
      from added n
      having count(*) > 0
    ) e, append_events(e.streams, e.types, e.actors, null, null, e.payloads) a
  )
  select array_agg(n.user_id order by n.entry), array_agg(n.conversation_id order by n.entry),
         array_agg(a.event_id order by n.entry), array_agg(a.event_seq order by n.entry)
  into people, homes, event_ids, seqs
  from added n join appended a using (entry);

  if people is null then
    return null;
  end if;
  insert into member_spans (conversation_id, user_id, from_seq, from_event_id)
  select s.home, s.person, s.seq + 1, s.event_id from unnest(homes, people, seqs, event_ids) as s (home, person, seq, event_id);

  perform append_events(people, array_agg('conversation.joined'::text), array_agg(current_actor()), null, null,
                        array_agg(json_build_object('conversation_id', s.home, 'seq', s.seq) order by s.ord))
  from unnest(homes, seqs) with ordinality as s (home, seq, ord);
  return null;
end
$$;
revoke execute on function tg_members__append_added from public;
