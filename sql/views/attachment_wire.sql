-- An attachment as whoever may see it gets it. Of one that is removed, its name stays and nothing that was in it.
create view attachment_wire as
select a.id, a.message_id, a.position, row_to_json(w) as wire
from attachments a
-- By its key alone, whatever the planner thinks.
left join lateral (
  select b.sha256, b.state, b.width, b.height, b.duration_ms, b.is_animated, b.blurhash, b.waveform, b.variants
  from blobs b
  where b.id = a.blob_id and a.removed_at is null
  offset 0
) b on true
cross join lateral (
  select a.id, a.user_id, a.conversation_id, a.message_id, a.kind, a.mime_type, a.filename, a.size,
         encode(b.sha256, 'hex') as sha256,
         case when a.removed_at is not null then 'removed' else coalesce(b.state, 'external') end as state,
         b.width, b.height, b.duration_ms, coalesce(b.is_animated, false) as is_animated, b.blurhash, b.waveform,
         coalesce(b.variants, '[]') as variants,
         case when b.state is not null then '/api/v1/attachments/' || a.id end as url,
         case when a.removed_at is null then a.external end as external,
         wire_time(a.created_at) as created_at
) w;
