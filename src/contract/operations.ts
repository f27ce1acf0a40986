import { z } from 'zod'
import { Id, Time } from './fields.js'

const Status = z.enum(['up', 'down'])
/** Why writes fail while the database can still be asked. */
export const WriteTrouble = z
  .enum(['disk_full', 'read_only', 'too_many_connections', 'stalled', 'lost', 'unconfirmed'])
  .describe(
    '`stalled`: commits take too long; `lost`: connections end; `unconfirmed`: a standby has not confirmed what was committed',
  )
export type WriteTrouble = z.infer<typeof WriteTrouble>

const DatabaseState = z.object({
  status: Status,
  latency_ms: z.number().int().optional(),
  pool: z.literal('busy').optional().describe('No connection was free to ask with'),
  writes: Status.describe('`down` for ten seconds after one has failed for this reason, or until one succeeds'),
  reason: WriteTrouble.optional(),
})

const LiveNode = z.object({
  id: Id,
  version: z.string(),
  started_at: Time,
  lag_ms: z.number().int().describe('Since its tail last read the log, when it last renewed its lease'),
  sockets: z.number().int(),
  renewed_ms_ago: z.number().int().describe('As far as this node knows: it looks when it renews its own'),
  self: z.boolean().describe('Whether it is the node that answers'),
})
export type LiveNode = z.infer<typeof LiveNode>

/** Whether the process lives, or can serve. */
export const Readiness = z.object({ status: Status })

export const HealthReport = z.object({
  status: z
    .enum(['up', 'degraded', 'down'])
    .describe('`degraded`: it serves, but writes fail, or what other nodes write is heard late'),
  timestamp: Time,
  version: z.string(),
  uptime_s: z.number().int(),
  node_id: Id.describe('The node that answers'),
  nodes: z.array(LiveNode).describe('All that live; empty until this one has its lease'),
  services: z.object({
    database: DatabaseState,
    listener: z.object({ status: Status }),
    tail: z.object({ status: Status, lag_ms: z.number() }),
    websocket: z.object({ status: Status, connections: z.number().int() }),
    storage: z.object({ status: Status, kind: z.enum(['disk', 's3']) }),
    media: z.object({
      ffmpeg: z.string().nullable().describe('Its version; null: video has no poster frame, voice no waveform'),
      ffprobe: z.string().nullable().describe('Its version; null: sound and video have no duration'),
      jobs: z.number().int().describe('Jobs that this node does at the same time'),
    }),
  }),
})
export type HealthReport = z.infer<typeof HealthReport>

/** RFC 7517: the public halves of the keys that sign access tokens. */
export const Jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
