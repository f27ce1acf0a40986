import type { HttpBindings } from '@hono/node-server'
import type { VerifiedActor } from '../auth/actor.js'
import type { SigningKeys } from '../auth/signing-keys.js'
import type { Limits } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import type { ReceiptReports } from '../domain/receipt-reports.js'
import type { Sends } from '../domain/sends.js'
import type { Auth } from '../domain/sessions.js'
import type { Media } from '../media/media.js'
import type { Logger, Metrics } from '../observe.js'
import type { Presence } from '../realtime/presence.js'
import type { Signals } from '../realtime/signals.js'
import type { Sync } from '../realtime/sync.js'
import type { Typing } from '../realtime/typing.js'
import type { Demos } from './demos.js'
import type { Health } from './health.js'
import type { RateLimits } from './rate-limits.js'

/** What every request finds in `c.var`; constructed once, by app.ts. */
export type Services = {
  db: Db
  sends: Sends
  receipts: ReceiptReports
  auth: Auth
  keys: SigningKeys
  signals: Signals
  typing: Typing
  presence: Presence
  sync: Sync
  limits: Limits
  media: Media
  rates: RateLimits
  health: Health
  /** Undefined where nobody develops. */
  demos: Demos | undefined
  logger: Logger
  metrics: Metrics
}

export type Env = {
  Bindings: HttpBindings
  Variables: Services & { requestId: string; traceId: string; address: string; actor: VerifiedActor }
}
