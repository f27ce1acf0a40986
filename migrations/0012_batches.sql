-- send_messages() takes the place of the one, and the other has got one more parameter.
drop function if exists send_message(uuid, uuid, uuid, text, uuid, jsonb, text, uuid[]);
drop function if exists advance_receipts(uuid[], uuid[], bigint[], bigint[]);
