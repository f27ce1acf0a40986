-- What an event says that is not about a message, and when that was last changed. Apart from `event_wire`: most of the log is messages,
-- and to prepare all these look-ups takes longer than to read a few of them.
create or replace function other_event(stream uuid, type text, payload json, out data json, out changed_seq bigint)
language plpgsql stable parallel safe set search_path = public, pg_temp as $$
begin
  case
    when type in ('conversation.created', 'conversation.updated', 'conversation.deleted') then
      select c.wire, c.changed_seq into data, changed_seq from conversation_wire c where c.id = stream;
    when type = 'conversation.joined' then
      data := json_build_object(
        'seq', substring(payload::text from '"seq"\s*:\s*(\d{1,18})\M')::bigint,
        'conversation_id', conversation_of(payload),
        'conversation', (
          select j.wire from member_conversation_wire j
          where j.conversation_id = conversation_of(payload) and j.user_id = stream));
    when type = 'membership.updated' then
      data := json_build_object(
        'conversation_id', conversation_of(payload),
        'me', (
          select m.wire from membership_wire m
          where m.conversation_id = conversation_of(payload) and m.user_id = stream));
    when type = 'user.updated' then
      select u.wire into data from user_wire u where u.id = stream;
    else
      null;
  end case;
  data := coalesce(data, payload);
end
$$;
