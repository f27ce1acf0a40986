-- Stores one message, or says why not. `outcome` is stored, duplicate (the first message is returned), or an error code.
-- Which `form` (type) a message with `files` has, and whether they may be sent there, was decided before in the same
-- transaction (domain/attachments.ts).
-- Statement 1 waits for the stream; every rule is evaluated after it, by statements with a newer snapshot.
create or replace function send_message(
  actor uuid, conversation uuid, client uuid, body text, reply_to uuid, extra jsonb,
  form text default 'text', files uuid[] default '{}')
returns table (outcome text, wire json)
language plpgsql volatile set lock_timeout = '2s' as $$
declare
  mine text;
  blocked boolean;
  first messages;
  stored uuid;
begin
  perform from streams s where s.id = conversation and s.kind = 1 for no key update;

  select m.role, c.type = 'direct' and are_blocked(c.direct_low, c.direct_high) into mine, blocked
  from members m
  join conversations c on c.id = m.conversation_id and c.deleted_at is null
  where m.conversation_id = conversation and m.user_id = actor;
  if not found then
    return query select 'conversation.not_found', null::json;
    return;
  elsif not may_send(mine, blocked) then
    return query select case when blocked then 'user.blocked' else 'conversation.forbidden' end, null::json;
    return;
  end if;

  if client is not null then
    select * into first from messages m where m.sender_id = actor and m.client_id = client;
    if found then
      -- An edited or deleted message no longer has what was first sent: then the id alone decides.
      if first.conversation_id = conversation
        and ((first.content is not distinct from body and first.attachment_count = cardinality(files))
          or first.edited_at is not null or first.deleted_at is not null) then
        return query select 'duplicate', w.wire from message_wire w where w.id = first.id;
      else
        return query select 'message.client_id_reused', null::json;
      end if;
      return;
    end if;
  end if;

  -- By its key alone, as in message_wire.
  if reply_to is not null and (select m.conversation_id from messages m where m.id = reply_to) is distinct from conversation then
    return query select 'message.reply_not_found', null::json;
    return;
  end if;

  -- For the statement's own trigger alone, and put back: the session may belong to a pooler.
  perform set_config('earshot.ring', 'after_commit', true);
  insert into messages (conversation_id, number, sender_id, client_id, type, content, attachment_count, reply_to_id, metadata)
  select conversation, s.message_number + 1, actor, client, form, body, cardinality(files), reply_to, extra
  from streams s
  where s.id = conversation
  returning id into stored;
  if cardinality(files) > 0 then
    perform link_attachments(actor, stored, files);
  end if;
  perform set_config('earshot.ring', '', true);
  return query select 'stored', w.wire from message_wire w where w.id = stored;
end
$$;
