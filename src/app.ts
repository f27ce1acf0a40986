// How it is all wired: the only place that constructs what lives long. Started from the database up, stopped the other way.
import { setTimeout as delay } from 'node:timers/promises'
import { AccessTokens } from './auth/access-tokens.js'
import { EndedSessions } from './auth/ended-sessions.js'
import { Passwords } from './auth/passwords.js'
import { ResumeTokens } from './auth/resume-tokens.js'
import { SigningKeys } from './auth/signing-keys.js'
import type { Config } from './config.js'
import { Database } from './db/database.js'
import { Doorbell } from './db/doorbell.js'
import { Listener } from './db/listener.js'
import { migrate } from './db/migrator.js'
import { openDatabase } from './db/open.js'
import { createPool } from './db/pool.js'
import { readMembersOf } from './domain/presence.js'
import { readSecret } from './domain/secrets.js'
import { mayAnnounceTyping } from './domain/typing.js'
import { callerReader } from './http/callers.js'
import { Health } from './http/health.js'
import { HttpServer } from './http/http-server.js'
import { RateLimits } from './http/rate-limits.js'
import { createHttp } from './http/server.js'
import { migrateJobs } from './jobs/schema.js'
import { Worker } from './jobs/worker.js'
import { RateCounter } from './kit/rate.js'
import { VERSION } from './kit/version.js'
import { LINK_ROUNDING_S, Links, PUT_TTL_S } from './media/links.js'
import { openMedia } from './media/media.js'
import { createMetrics, type Logger } from './observe.js'
import { encodeSignal } from './protocols/native.js'
import { audienceLoader } from './realtime/audience.js'
import { CatchUp } from './realtime/catch-up.js'
import { Door } from './realtime/door.js'
import { Fanout } from './realtime/fanout.js'
import { Housekeeper } from './realtime/housekeeper.js'
import { Log } from './realtime/log.js'
import { MissedEvents } from './realtime/missed.js'
import { Positions } from './realtime/positions.js'
import { Presence } from './realtime/presence.js'
import { LivePresence } from './realtime/presence-live.js'
import { PresenceWatch } from './realtime/presence-watch.js'
import { ProfileNews } from './realtime/profile-news.js'
import { RecentEvents } from './realtime/recent-events.js'
import { type Signal, Signals } from './realtime/signals.js'
import { Sockets } from './realtime/sockets.js'
import { SpeechLimits } from './realtime/speech-limits.js'
import { type Pace, REAL_PACE, Sweeper } from './realtime/sweeper.js'
import { Sync } from './realtime/sync.js'
import { Tail } from './realtime/tail.js'
import { Typing } from './realtime/typing.js'

const POLL_MS = 500
/** The bus may be deaf: look more often. */
const POLL_DEAF_MS = 50
/** Longest wait for one part: those below it must still get their turn. */
const STOP_EACH_MS = 10_000

export type App = {
  readonly url: string
  readonly nodeId: string
  /** Closes sockets and connections, then the database. May be called twice. */
  stop(): Promise<void>
}

/** @throws StartupError with one sentence that says what to do; whatever had started is stopped again */
export async function startApp(config: Config, logger: Logger, pace: Pace = REAL_PACE): Promise<App> {
  const stops: (() => Promise<unknown>)[] = []
  const eachMs = STOP_EACH_MS + config.WS_DRAIN * 1_000
  const stopEach = async () => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) {
      const late = delay(eachMs, undefined, { ref: false }).then(() => {
        throw new Error(`not stopped after ${eachMs} ms`)
      })
      await Promise.race([stop(), late]).catch((error) => logger.error({ err: error }, 'a part did not stop cleanly'))
    }
  }
  let stopping: Promise<void> | undefined
  const stopAll = () => {
    stopping ??= stopEach()
    return stopping
  }
  try {
    const { url, nodeId } = await start(config, logger, pace, stops)
    return { url, nodeId, stop: stopAll }
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function start(config: Config, logger: Logger, pace: Pace, stops: (() => Promise<unknown>)[]) {
  const nodeId = crypto.randomUUID()
  const metrics = createMetrics()

  const { database, stop } = await openDatabase(config, logger)
  stops.push(stop)
  await migrate(database, logger)
  const pool = createPool(database, logger)
  stops.push(() => pool.end())
  metrics.sample(() => {
    metrics.pool.set({ state: 'total' }, pool.totalCount)
    metrics.pool.set({ state: 'idle' }, pool.idleCount)
    metrics.pool.set({ state: 'waiting' }, pool.waitingCount)
    metrics.tailLag.set((tail?.lagMs ?? 0) / 1_000)
  })

  await migrateJobs(pool, logger)

  let tail: Tail | undefined
  const db = new Database(pool, new Doorbell(pool, logger, () => tail?.wake()))
  const housekeeper = new Housekeeper(db, logger, config.EVENT_WINDOW)
  stops.push(() => housekeeper.stop())
  await housekeeper.start()

  const keys = new SigningKeys(db.query, logger, config.ACCESS_TOKEN_TTL)
  stops.push(() => keys.stop())
  await keys.start()
  const passwords = new Passwords()
  await passwords.start()
  const ended = new EndedSessions(Math.max(config.ACCESS_TOKEN_TTL, config.MEDIA_URL_TTL + LINK_ROUNDING_S, PUT_TTL_S))
  const tokens = new AccessTokens({
    keys,
    ended,
    issuer: config.PUBLIC_URL ?? 'earshot',
    ttlS: config.ACCESS_TOKEN_TTL,
  })

  const fanout = new Fanout(
    audienceLoader(db, () => tail?.safe ?? 0),
    ended,
    metrics,
  )
  const signals = new Signals({
    nodeId,
    pool,
    deliver: (signal: Signal, from) => {
      if (signal.stream) fanout.signal(signal.stream, signal.data.user_id, encodeSignal(signal))
      typing.hear(signal)
      if (signal.type !== 'presence.changed') return
      if (from === 'elsewhere') presence.hear(signal.data)
      watches.hear(signal.data)
    },
    logger,
    metrics,
  })
  stops.push(() => signals.stop())
  const { now } = pace
  const typing = new Typing({ mayAnnounce: (actor, id) => mayAnnounceTyping(db, actor, id), signals, now })
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
    live,
    signals,
    now,
    watched: () => watches.watched,
    onHidden: (news) => watches.hear(news),
  })
  const watches = new PresenceWatch({ presence, membersOf: (ids) => readMembersOf(db, ids), now, metrics })
  const profiles = new ProfileNews({ db, fanout, now })
  stops.push(() => presence.stop())
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
  const sweeps = [typing, presence, watches, watches.doubts, profiles, door, messageRate]
  const sweeper = new Sweeper(sweeps, pace.sweep_ms, logger)
  stops.push(() => sweeper.stop())
  metrics.sample(() => {
    metrics.live.set({ kind: 'present' }, presence.size)
    metrics.live.set({ kind: 'typing' }, typing.size)
    metrics.live.set({ kind: 'watched' }, watches.size)
  })
  const listener = new Listener({
    config: database,
    pool,
    nodeId,
    logger,
    metrics,
    onBell: () => tail?.wake(),
    onEpoch: () => tail?.reconnected(),
    onSignals: (payload) => signals.hear(payload),
    onConnected: () => {
      tail?.reconnected()
      presence.reconnected()
    },
  })
  const recent = new RecentEvents(config.EVENT_CACHE)
  metrics.sample(() => metrics.recentBytes.set(recent.bytes))
  tail = new Tail({
    openLog: () => Log.open(database, logger),
    onBegin: (safe) => recent.begin(safe),
    onEvent: (event) => {
      recent.add(event)
      fanout.dispatch(event)
      for (const part of [typing, watches.doubts, profiles]) part.onEvent(event)
    },
    onNewEpoch: () => {
      fanout.resyncAll('epoch')
      ended
        .reload(db.query)
        .catch((error) => logger.error({ err: error }, 'the ended sessions could not be read again'))
    },
    pollMs: () => (listener.healthy ? POLL_MS : POLL_DEAF_MS),
    logger,
    metrics,
  })
  const runningTail = tail
  stops.push(() => runningTail.stop())
  stops.push(() => listener.stop())
  await listener.start()
  await tail.start()
  // After the tail has begun, so that no end falls between what is loaded and what is heard.
  await ended.reload(db.query)

  const media = await openMedia(config, new Links(await readSecret(db, 'media_links'), config.MEDIA_URL_TTL))
  stops.push(() => media.storage.stop())
  stops.push(() => media.hasher.stop())
  const worker = new Worker({ db, media, logger }, database, config.WORKERS, nodeId)
  stops.push(() => worker.stop())
  await worker.start()

  const positions = new Positions(new ResumeTokens(await readSecret(db, 'resume_tokens')), runningTail)
  const missed = new MissedEvents(db, positions, config.WS_RESUMES)
  const catchUp = new CatchUp({
    missed,
    recent,
    positions,
    reachOf: (userId, safe) => fanout.reachOf(userId, safe),
    logger,
    metrics,
  })
  const sync = new Sync(db, missed, positions)

  const services = {
    db,
    media,
    signals,
    typing,
    presence,
    watches,
    speech,
    sync,
    missed,
    tokens,
    limits: config.limits,
    logger,
    metrics,
  }
  const sockets = new Sockets({
    fanout,
    door,
    positions,
    catchUp,
    ended,
    services,
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
  const health = new Health({
    version: VERSION,
    pool,
    listenerIsHealthy: () => listener.healthy,
    tailLagMs: () => runningTail.lagMs,
    sockets: () => sockets.count,
    storage: media.storage,
    programs: media.programs,
    workers: config.WORKERS,
  })
  const http = createHttp(
    {
      ...services,
      auth: {
        passwords,
        tokens,
        ended,
        refreshTokenTtlS: config.REFRESH_TOKEN_TTL,
        maxSessions: config.limits.sessions,
        ticketTtlS: config.TICKET_TTL,
      },
      keys,
      health,
      rates: new RateLimits(pool, config, messageRate),
    },
    { corsOrigins: config.CORS_ORIGINS, trustedProxies: config.TRUSTED_PROXIES },
  )
  const server = new HttpServer(http)
  sockets.start(server.node)
  stops.push(() => server.stop())
  stops.push(() => sockets.stop())
  stops.push(async () => health.stopping())
  const port = await server.start(config)
  return { url: `http://${config.HOST === '0.0.0.0' ? 'localhost' : config.HOST}:${port}`, nodeId }
}
