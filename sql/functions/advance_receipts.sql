-- How far members have read and received: report i says it of actors[i] in conversations[i]; null says nothing. Positions only
-- grow, and nobody has read what was not yet said. Returns where those stand who are members; for the others, nothing. Without
-- `patient` a membership that somebody holds is left alone: of it only whose it is is returned.
-- It takes no lock on a conversation: a send holds that one while it waits for a row of members.
create or replace function advance_receipts(actors uuid[], conversations uuid[], reads bigint[], deliveries bigint[], patient boolean default true)
returns table (
  user_id uuid, conversation_id uuid, read_number bigint, delivered_number bigint, read_moved boolean, delivered_moved boolean,
  show_read_receipts boolean, member_count integer)
language plpgsql volatile set lock_timeout = '2s' as $$
#variable_conflict use_column
declare
  people uuid[];
  homes uuid[];
begin
  if patient then
    select array_agg(l.user_id), array_agg(l.conversation_id) into people, homes
    from (
      select m.user_id, m.conversation_id
      from members m
      where (m.conversation_id, m.user_id) in (select r.home, r.person from unnest(conversations, actors) as r (home, person))
      order by m.conversation_id, m.user_id
      for no key update
    ) l;
  else
    select array_agg(l.user_id), array_agg(l.conversation_id) into people, homes
    from (
      select m.user_id, m.conversation_id
      from members m
      where (m.conversation_id, m.user_id) in (select r.home, r.person from unnest(conversations, actors) as r (home, person))
      order by m.conversation_id, m.user_id
      for no key update skip locked
    ) l;
    -- What is theirs alone is announced there, and would wait.
    select array_agg(h.person), array_agg(h.home) into people, homes
    from unnest(people, homes) as h (person, home)
    where h.person in (
      select s.id from streams s where s.id = any (people) and s.kind = 2 order by s.id for no key update skip locked);
    return query
    select m.user_id, m.conversation_id, null::bigint, null::bigint, false, false, false, 0
    from members m
    where (m.conversation_id, m.user_id) in (
      select r.home, r.person from unnest(conversations, actors) as r (home, person)
      except
      select h.home, h.person from unnest(homes, people) as h (home, person));
  end if;

  -- For the statement's own trigger alone, and put back: the session may belong to a pooler.
  perform set_config('earshot.ring', 'after_commit', true);
  return query
  with reported as (
    -- A null would be passed over by least(), and the whole conversation be read.
    select r.person, r.home, coalesce(max(r.read_number), 0) as read_number, coalesce(max(r.delivered_number), 0) as delivered_number
    from unnest(actors, conversations, reads, deliveries) as r (person, home, read_number, delivered_number)
    group by r.person, r.home
  ), stands as (
    select m.user_id, m.conversation_id, m.read_number as old_read, m.delivered_number as old_delivered, m.unread_from as old_unread,
           p.new_read, greatest(m.delivered_number, p.new_read, least(r.delivered_number, s.message_number)) as new_delivered,
           -- An older report says nothing about what was marked as unread since.
           case when r.read_number >= m.unread_from then null else m.unread_from end as new_unread,
           m.show_read_receipts, c.member_count
    from unnest(homes, people) as l (home, person)
    join members m on m.conversation_id = l.home and m.user_id = l.person
    join reported r on r.home = m.conversation_id and r.person = m.user_id
    join conversations c on c.id = m.conversation_id and c.deleted_at is null
    join streams s on s.id = m.conversation_id
    cross join lateral (select greatest(m.read_number, least(r.read_number, s.message_number)) as new_read) p
  ), passed as (
    insert into receipts (conversation_id, user_id, kind, from_number, to_number)
    select t.conversation_id, t.user_id, 'read', t.old_read + 1, t.new_read from stands t where t.new_read > t.old_read
    union all
    -- What was received by being read has its time from there.
    select t.conversation_id, t.user_id, 'delivered', t.old_delivered + 1, t.new_delivered
    from stands t
    where t.new_delivered > greatest(t.old_delivered, t.new_read)
  ), moved as (
    update members m
    set read_number = t.new_read, delivered_number = t.new_delivered, unread_from = t.new_unread
    from stands t
    where m.conversation_id = t.conversation_id and m.user_id = t.user_id
      and (t.new_read, t.new_delivered, t.new_unread) is distinct from (t.old_read, t.old_delivered, t.old_unread)
  )
  select t.user_id, t.conversation_id, t.new_read, t.new_delivered, t.new_read > t.old_read, t.new_delivered > t.old_delivered,
         t.show_read_receipts, t.member_count
  from stands t;
  perform set_config('earshot.ring', '', true);
end
$$;
