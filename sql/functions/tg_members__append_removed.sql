-- A removal that is seq 41 ends the member's span at 40: they hear conversation.left on their own stream, and nothing of 41.
create or replace function tg_members__append_removed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  people uuid[];
  homes uuid[];
  reasons text[];
  event_ids bigint[];
  seqs bigint[];
begin
  perform from streams s where s.id in (select conversation_id from old_rows) order by s.kind, s.id for no key update;
  update conversations c set member_count = c.member_count - o.removed
  from (select conversation_id, count(*) as removed from old_rows group by conversation_id) o
  where c.id = o.conversation_id;

  with removed as (
    select o.user_id, o.conversation_id, c.member_count,
           case
             when o.user_id = current_actor() then 'left'
             when exists (
               select from bans b
               where b.conversation_id = o.conversation_id and b.user_id = o.user_id
                 and (b.banned_until is null or b.banned_until > now())) then 'banned'
             else 'removed'
           end as reason,
           row_number() over (order by o.conversation_id, o.user_id) as entry
    from old_rows o join conversations c on c.id = o.conversation_id
  ), appended as (
    select a.* from (
      select array_agg(o.conversation_id order by o.entry) as streams,
             array_agg('member.removed'::text) as types,
             array_agg(current_actor()) as actors,
             array_agg(json_build_object('user_id', o.user_id, 'reason', o.reason, 'member_count', o.member_count)
                       order by o.entry) as payloads
      from removed o
      having count(*) > 0
    ) e, append_events(e.streams, e.types, e.actors, null, null, e.payloads) a
  )
  select array_agg(o.user_id order by o.entry), array_agg(o.conversation_id order by o.entry),
         array_agg(o.reason order by o.entry), array_agg(a.event_id order by o.entry), array_agg(a.event_seq order by o.entry)
  into people, homes, reasons, event_ids, seqs
  from removed o join appended a using (entry);

  if people is null then
    return null;
  end if;
  update member_spans m set to_seq = s.seq - 1, to_event_id = s.event_id
  from unnest(homes, people, seqs, event_ids) as s (home, person, seq, event_id)
  where m.conversation_id = s.home and m.user_id = s.person and m.to_seq is null;

  perform append_events(people, array_agg('conversation.left'::text), array_agg(current_actor()), null, null,
                        array_agg(json_build_object('conversation_id', s.home, 'seq', s.seq, 'reason', s.reason) order by s.ord))
  from unnest(homes, seqs, reasons) with ordinality as s (home, seq, reason, ord);
  return null;
end
$$;
revoke execute on function tg_members__append_removed from public;
