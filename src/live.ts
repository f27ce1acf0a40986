// How the live half is wired: the tail that reads the log, the fan-out that knows who hears it, what is only said live, and
// the sockets that carry all of it.
import type { AccessTokens } from './auth/access-tokens.js'
import type { EndedSessions } from './auth/ended-sessions.js'
import { ResumeTokens } from './auth/resume-tokens.js'
import type { Config, DatabaseConfig } from './config.js'
import type { Db } from './db/database.js'
import { Listener } from './db/listener.js'
import type { Pool } from './db/pool.js'
import { readMembersOf } from './domain/presence.js'
import type { ReceiptReports } from './domain/receipt-reports.js'
import { readSecret } from './domain/secrets.js'
import type { Sends } from './domain/sends.js'
import { typingGuard } from './domain/typing.js'
import { callerReader } from './http/callers.js'
import { RateCounter } from './kit/rate.js'
import type { Logger, Metrics } from './observe.js'
import { encodeSignal } from './protocols/native.js'
import { audienceLoader } from './realtime/audience.js'
import { CatchUp } from './realtime/catch-up.js'
import { Door } from './realtime/door.js'
import { Fanout } from './realtime/fanout.js'
import { Log, type LogEvent } from './realtime/log.js'
import { MissedEvents } from './realtime/missed.js'
import { Nodes } from './realtime/nodes.js'
import { Positions } from './realtime/positions.js'
import { Presence } from './realtime/presence.js'
import { LivePresence } from './realtime/presence-live.js'
import { PresenceReader } from './realtime/presence-reader.js'
import { PresenceWatch } from './realtime/presence-watch.js'
import { ProfileNews } from './realtime/profile-news.js'
import { recallEvents } from './realtime/recall.js'
import { RecentEvents } from './realtime/recent-events.js'
import { type Signal, Signals } from './realtime/signals.js'
import { Sockets } from './realtime/sockets.js'
import { SpeechLimits } from './realtime/speech-limits.js'
import { Staleness } from './realtime/staleness.js'
import { type Pace, type Sweep, Sweeper } from './realtime/sweeper.js'
import { Sync } from './realtime/sync.js'
import { Tail } from './realtime/tail.js'
import { Typing } from './realtime/typing.js'

const POLL_MS = 500
/** The bus may be deaf: look more often. */
const POLL_DEAF_MS = 50

/** What it is given; `stops` takes how to stop each part, in the order in which they were started. */
export type Given = {
  config: Config
  logger: Logger
  metrics: Metrics
  nodeId: string
  database: DatabaseConfig
  pool: Pool
  db: Db
  sends: Sends
  receipts: ReceiptReports
  tokens: AccessTokens
  ended: EndedSessions
  pace: Pace
  stops: (() => Promise<unknown>)[]
}

export async function startLive(given: Given) {
  const { config, logger, metrics, nodeId, database, pool, db, sends, receipts, tokens, ended, pace, stops } = given
  const fanout = new Fanout(
    audienceLoader(db, () => tail.safe),
    ended,
    metrics,
  )
  const signals = new Signals({
    nodeId,
    pool,
    deliver: (signal: Signal) => {
      if (signal.type === 'presence.hint') return reader.hint(signal.data.user_id)
      if (signal.stream) fanout.signal(signal.stream, signal.data.user_id, encodeSignal(signal))
      typing.hear(signal)
    },
    logger,
    metrics,
  })
  stops.push(() => signals.stop())
  const { now } = pace
  const typing = new Typing({ mayAnnounce: typingGuard(db), signals, now })
  const live = new LivePresence(
    {
      grace_ms: config.PRESENCE_GRACE * 1_000,
      away_ms: config.PRESENCE_AWAY * 1_000,
      offline_ms: config.PRESENCE_OFFLINE * 1_000,
    },
    now,
  )
  const presence = new Presence({
    db,
    nodeId,
    live,
    signals,
    now,
    onInvisible: (userId, until) => reader.expectEnd(userId, until),
    onNoLease: () => nodes.renewSoon(),
  })
  const watches = new PresenceWatch({
    look: (pairs) => presence.look(pairs),
    membersOf: (ids) => readMembersOf(db, ids),
    now,
    metrics,
  })
  const reader = new PresenceReader({
    read: (userIds) => presence.read(userIds),
    watched: () => watches.watched,
    hear: (truth) => watches.hear(truth),
    settled: () => nodes.settled,
    onNoLease: () => nodes.renewSoon(),
    now,
    logger,
  })
  stops.push(() => reader.stop())
  const profiles = new ProfileNews({ db, fanout, now })
  const nodes = new Nodes({
    db,
    id: nodeId,
    leaseS: config.NODE_LEASE,
    graceS: config.PRESENCE_GRACE,
    report: () => ({ lag_ms: Math.round(tail.lagMs), sockets: sockets.count }),
    now,
    onLost: () => live.lost(),
    onGone: (userIds) => presence.hint(userIds),
    logger,
  })
  stops.push(() => nodes.stop())
  const door = new Door({
    db,
    tokens,
    callerOf: callerReader(config.TRUSTED_PROXIES),
    origins: config.CORS_ORIGINS,
    publicUrl: config.PUBLIC_URL,
    perUser: config.WS_MAX_PER_USER,
    perAddress: config.WS_MAX_PER_ADDRESS,
    connects: config.WS_CONNECTS,
    now,
    logger,
    metrics,
  })
  const messageRate = new RateCounter(config.RATE_LIMIT_MESSAGE, now)
  const speech = new SpeechLimits(config.WS_COMMANDS, messageRate, now)
  const sweeps: Sweep[] = [nodes, typing, presence, reader, watches, watches.doubts, profiles, door, messageRate]
  const sweeper = new Sweeper(sweeps, pace.sweep_ms, logger)
  stops.push(() => sweeper.stop())
  metrics.sample(() => {
    metrics.live.set({ kind: 'present' }, live.size)
    metrics.live.set({ kind: 'typing' }, typing.size)
    metrics.live.set({ kind: 'watched' }, watches.size)
    metrics.recentBytes.set(recent.bytes)
    metrics.tailLag.set(tail.lagMs / 1_000)
    nodes.measure(metrics)
  })
  const listener = new Listener({
    config: database,
    pool,
    nodeId,
    logger,
    metrics,
    onBell: () => tail.wake(),
    onEpoch: () => tail.reconnected(),
    onSignals: (payload) => signals.hear(payload),
    onConnected: () => {
      tail.reconnected()
      nodes.renewSoon()
      reader.reread()
    },
  })
  const recent = new RecentEvents(config.EVENT_CACHE)
  const parts = [
    (event: LogEvent) => recent.add(event),
    (event: LogEvent) => fanout.dispatch(event),
    (event: LogEvent) => typing.onEvent(event),
    (event: LogEvent) => watches.doubts.onEvent(event),
    (event: LogEvent) => profiles.onEvent(event),
  ]
  const tail: Tail = new Tail({
    openLog: () => Log.open(database, logger),
    onBegin: (safe) => recallEvents(db, recent, safe, logger),
    onEvent: (event) => tellAll(event, parts),
    onNewEpoch: () => {
      nodes.renewSoon()
      fanout.resyncAll('epoch')
      ended
        .reload(db.query)
        .catch((error) => logger.error({ err: error }, 'the ended sessions could not be read again'))
    },
    pollMs: () => (listener.healthy ? POLL_MS : POLL_DEAF_MS),
    logger,
    metrics,
  })
  stops.push(() => tail.stop())
  stops.push(() => listener.stop())
  await listener.start()
  await tail.start()
  // After the tail has begun, so that no end falls between what is loaded and what is heard.
  await ended.reload(db.query)

  const positions = new Positions(new ResumeTokens(await readSecret(db, 'resume_tokens')), tail)
  const missed = new MissedEvents(db, positions, config.WS_RESUMES, 2 * config.WS_MAX_PER_USER)
  const catchUp = new CatchUp({
    missed,
    recent,
    positions,
    reachOf: (userId, safe) => fanout.reachOf(userId, safe),
    logger,
    metrics,
  })
  const sync = new Sync(db, missed, positions)

  const staleness = new Staleness({
    lagMs: () => tail.lagMs,
    stale_ms: config.WS_STALE * 1_000,
    othersAreFresh: () => nodes.othersAreFresh(tail.lagMs, config.WS_STALE * 1_000),
    tell: (frame) => sockets.tell(frame),
    onAlone: () => {
      sockets.evict().catch((error) => logger.error({ err: error }, 'the sockets of a stale node were not closed'))
    },
    now,
    logger,
    metrics,
  })
  const sockets: Sockets = new Sockets({
    fanout,
    door,
    positions,
    catchUp,
    ended,
    staleness,
    services: {
      db,
      sends,
      receipts,
      signals,
      typing,
      presence,
      watches,
      speech,
      tokens,
      missed,
      limits: config.limits,
      logger,
      metrics,
    },
    compression: config.WS_COMPRESSION === 'on',
    limits: {
      max_frame_bytes: config.WS_MAX_FRAME_BYTES,
      queue_bytes: config.WS_QUEUE_BYTES,
      queue_frames: config.WS_QUEUE_FRAMES,
      ping_interval_ms: config.WS_PING_INTERVAL * 1_000,
      pong_timeout_ms: config.WS_PONG_TIMEOUT * 1_000,
      stall_ms: config.WS_STALL * 1_000,
      auth_grace_ms: config.WS_AUTH_GRACE * 1_000,
      drain_ms: config.WS_DRAIN * 1_000,
    },
  })
  await nodes.start()
  // Not before there is something to be told: until its first read, a tail is none that is late.
  sweeps.push(staleness)
  return { nodes, tail, listener, signals, typing, presence, watches, sync, messageRate, sockets }
}
export type Live = Awaited<ReturnType<typeof startLive>>

/** Those after one that cannot take the event get it all the same. @throws what the first of them has thrown, once all have it */
function tellAll(event: LogEvent, parts: readonly ((event: LogEvent) => void)[]): void {
  const failures: unknown[] = []
  for (const part of parts) {
    try {
      part(event)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
