-- It has got one more parameter. send_message() is no longer called; nodes of the former version may still do so.
drop function if exists advance_receipts(uuid[], uuid[], bigint[], bigint[]);
