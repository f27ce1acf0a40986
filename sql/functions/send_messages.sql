-- Stores messages, entry i of the arrays each, and says what became of them: `stored`, `duplicate` (the first message is
-- returned), an error code; or, of those that were left alone, `locked` (somebody holds the conversation, or the sender's row in
-- members) and `again` (an entry before it has the same client_id). With `patient` it waits for the conversations.
-- One message or two hundred pass the same rules. Which type (`forms`) a message with files has, and whether they may be sent there,
-- was decided before in the same transaction (domain/attachments.ts); `files[i]` is the text of an array of their ids.
-- Its plans, and those of the triggers below it, are made once: to make them for every batch anew takes longer than to run them.
-- Statements 1 and 2 take the locks; every rule is evaluated after them, by statements with a newer snapshot.
create or replace function send_messages(
  actors uuid[], homes uuid[], clients uuid[], bodies text[], replies uuid[], extras jsonb[], forms text[], files text[],
  patient boolean)
returns table (outcome text, wire text)
language plpgsql volatile set lock_timeout = '2s' set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  held uuid[];
  ready bigint[];
  outcomes text[];
  ids uuid[];
  entry bigint;
  ring text;
begin
  if patient then
    select array_agg(l.id) into held
    from (select s.id from streams s where s.id = any (homes) and s.kind = 1 order by s.id for no key update) l;
  else
    select array_agg(l.id) into held
    from (select s.id from streams s where s.id = any (homes) and s.kind = 1 order by s.id for no key update skip locked) l;
  end if;

  -- The trigger moves each sender's positions, and would wait there: for one after the other, while all others wait for the conversation.
  select array_agg(e.ord) into ready
  from (
    select * from unnest(actors, homes) with ordinality as e (actor, home, ord) where e.home = any (held) order by e.home, e.actor
  ) e
  cross join lateral (
    select from members m where m.conversation_id = e.home and m.user_id = e.actor for no key update skip locked
  ) m;

  select array_agg(j.outcome order by j.ord), array_agg(case when j.outcome = 'stored' then uuidv7() else j.first_id end order by j.ord)
  into outcomes, ids
  from (
    select e.ord, f.id as first_id,
      case
        when c.id is null or c.deleted_at is not null then 'conversation.not_found'
        when e.home <> all (coalesce(held, '{}')) then 'locked'
        when m.role is null then 'conversation.not_found'
        when e.ord <> all (coalesce(ready, '{}')) then 'locked'
        when not may_send(m.role, b.blocked) then case when b.blocked then 'user.blocked' else 'conversation.forbidden' end
        when f.id is not null then
          -- An edited or deleted message no longer has what was first sent: then the id alone decides.
          case when f.conversation_id = e.home
              and ((f.content is not distinct from e.body and f.attachment_count = cardinality(e.files::uuid[]))
                or f.edited_at is not null or f.deleted_at is not null)
            then 'duplicate' else 'message.client_id_reused' end
        when e.nth > 1 then 'again'
        when e.reply is not null and r.conversation_id is distinct from e.home then 'message.reply_not_found'
        -- As the constraint has it, which would refuse them all.
        when e.extra <> '{}' and octet_length(e.extra::text) > 32768 then 'request.invalid'
        else 'stored'
      end as outcome
    from (
      select t.*, case when t.client is not null then row_number() over (partition by t.actor, t.client order by t.ord) end as nth
      from unnest(actors, homes, clients, bodies, replies, extras, files)
             with ordinality as t (actor, home, client, body, reply, extra, files, ord)
    ) e
    -- Each by its key, whatever the planner thinks while the tables are small.
    left join lateral (select * from conversations c where c.id = e.home offset 0) c on true
    left join lateral (select m.role from members m where m.conversation_id = e.home and m.user_id = e.actor offset 0) m on true
    left join lateral (select * from messages f where f.sender_id = e.actor and f.client_id = e.client offset 0) f on true
    left join lateral (select r.conversation_id from messages r where r.id = e.reply offset 0) r on true
    cross join lateral (select c.type = 'direct' and are_blocked(c.direct_low, c.direct_high) as blocked) b
  ) j;

  -- For the statement's own trigger alone, and put back: the session may belong to a pooler. Assigned, for a `perform` is a statement.
  ring := set_config('earshot.ring', 'after_commit', true);
  insert into messages (id, conversation_id, number, sender_id, client_id, type, content, attachment_count, reply_to_id, metadata)
  select ids[e.ord], e.home, s.message_number + row_number() over (partition by e.home order by e.ord),
         e.actor, e.client, e.form, e.body, cardinality(e.files::uuid[]), e.reply, e.extra
  from unnest(actors, homes, clients, bodies, replies, extras, forms, files)
         with ordinality as e (actor, home, client, body, reply, extra, form, files, ord)
  join streams s on s.id = e.home
  where outcomes[e.ord] = 'stored'
  -- Another node may write the same client ids into other conversations: in one order for all, nobody deadlocks.
  order by e.actor, e.client, e.ord;
  if '{}' <> any (files) then
    for entry in
      select e.ord from unnest(files) with ordinality as e (files, ord) where outcomes[e.ord] = 'stored' and e.files <> '{}'
    loop
      perform link_attachments(actors[entry], ids[entry], files[entry]::uuid[]);
    end loop;
  end if;
  ring := set_config('earshot.ring', '', true);

  return query
  select o.outcome, w.wire::text
  from unnest(outcomes, ids) with ordinality as o (outcome, id, ord)
  left join lateral (
    select w.wire from message_wire w where w.id = o.id and o.outcome in ('stored', 'duplicate') offset 0
  ) w on true
  order by o.ord;
end
$$;
