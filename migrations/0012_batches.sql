-- send_messages() takes its place.
drop function if exists send_message(uuid, uuid, uuid, text, uuid, jsonb, text, uuid[]);
