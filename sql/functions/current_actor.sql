-- Who does what the current transaction does; null for a writer that does not say.
create or replace function current_actor() returns uuid language sql stable
return nullif(current_setting('earshot.actor', true), '')::uuid;
