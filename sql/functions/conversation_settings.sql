-- All settings of a conversation: what was never set has its default here.
create or replace function conversation_settings(settings jsonb) returns jsonb language sql immutable parallel safe
return '{"media_allowed": true, "max_file_size": null, "allowed_file_types": null}'::jsonb || settings;
