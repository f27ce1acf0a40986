-- What is left of a message in the log when its content is gone, or not for the reader.
create or replace function gone_message(message_id uuid, conversation_id uuid, number bigint) returns json
language sql immutable parallel safe
return json_build_object('id', message_id, 'conversation_id', conversation_id, 'number', number, 'gone', true);
