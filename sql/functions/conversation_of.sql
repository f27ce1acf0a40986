-- Which conversation a payload speaks of; null if it cannot be told. By its text: to take apart what somebody else has put into the log
-- may fail, and one such event would stop all that read the log.
create or replace function conversation_of(payload json) returns uuid language sql immutable parallel safe
return substring(payload::text from '"conversation_id"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')::uuid;
