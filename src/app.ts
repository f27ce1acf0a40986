// How it is all wired: the only place that constructs what lives long. Started from the database up, stopped the other way.
import { setTimeout as delay } from 'node:timers/promises'
import { AccessTokens } from './auth/access-tokens.js'
import { EndedSessions } from './auth/ended-sessions.js'
import { Passwords } from './auth/passwords.js'
import { SigningKeys } from './auth/signing-keys.js'
import type { Config } from './config.js'
import { Database } from './db/database.js'
import { Doorbell } from './db/doorbell.js'
import { migrate } from './db/migrator.js'
import { openDatabase } from './db/open.js'
import { createPool, keptForReads } from './db/pool.js'
import { WriteGate } from './db/write-gate.js'
import { RunningDemos } from './demo/running-demos.js'
import { ReceiptReports } from './domain/receipt-reports.js'
import { readSecret } from './domain/secrets.js'
import { Sends } from './domain/sends.js'
import { Health } from './http/health.js'
import { HttpServer } from './http/http-server.js'
import { RateLimits } from './http/rate-limits.js'
import { createHttp } from './http/server.js'
import { migrateJobs } from './jobs/schema.js'
import { Worker } from './jobs/worker.js'
import { VERSION } from './kit/version.js'
import { type Live, startLive } from './live.js'
import { LINK_ROUNDING_S, Links, PUT_TTL_S } from './media/links.js'
import { openMedia } from './media/media.js'
import { createMetrics, type Logger, type Metrics } from './observe.js'
import { Housekeeper } from './realtime/housekeeper.js'
import { type Pace, REAL_PACE } from './realtime/sweeper.js'

/** A token of a node whose clock is ahead by so much is still known to be of a session that has ended. */
const CLOCK_SKEW_S = 300
/** Longest wait for one part: those below it must still get their turn. */
const STOP_EACH_MS = 10_000

export type App = {
  readonly url: string
  readonly nodeId: string
  /** Closes sockets and connections, then the database. May be called twice. */
  stop(): Promise<void>
}

/** @throws StartupError with one sentence that says what to do; whatever had started is stopped again */
export async function startApp(
  config: Config,
  logger: Logger,
  pace: Pace = REAL_PACE,
  metrics: Metrics = createMetrics(),
): Promise<App> {
  const stops: (() => Promise<unknown>)[] = []
  const eachMs = STOP_EACH_MS + (config.WS_DRAIN + config.STOP_DELAY) * 1_000
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
    const { url, nodeId } = await start(config, logger, pace, metrics, stops)
    return { url, nodeId, stop: stopAll }
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function start(config: Config, logger: Logger, pace: Pace, metrics: Metrics, stops: (() => Promise<unknown>)[]) {
  const nodeId = crypto.randomUUID()

  const { database, stop } = await openDatabase(config, logger)
  stops.push(stop)
  await migrate(database, logger)
  const pool = createPool(database, logger)
  stops.push(() => pool.end())
  metrics.sample(() => {
    metrics.pool.set({ state: 'total' }, pool.totalCount)
    metrics.pool.set({ state: 'idle' }, pool.idleCount)
    metrics.pool.set({ state: 'waiting' }, pool.waitingCount)
  })

  await migrateJobs(pool, logger)

  let live: Live | undefined
  const gate = new WriteGate({
    max: database.pool_max - keptForReads(database.pool_max),
    wait_ms: database.connect_timeout_ms,
    onRefused: (reason) => metrics.writeRefusals.inc({ reason }),
  })
  metrics.sample(() => metrics.writesUp.set(gate.trouble ? 0 : 1))
  const db = new Database(pool, new Doorbell(pool, logger, () => live?.tail.wake(), nodeId), gate)
  const sends = new Sends(db, config.limits, metrics)
  const receipts = new ReceiptReports(db)
  const housekeeper = new Housekeeper(db, logger, config.EVENT_WINDOW)
  stops.push(() => housekeeper.stop())
  await housekeeper.start()

  const keys = new SigningKeys(db.query, logger, config.ACCESS_TOKEN_TTL)
  stops.push(() => keys.stop())
  await keys.start()
  const passwords = new Passwords()
  await passwords.start()
  const longestTtlS = Math.max(config.ACCESS_TOKEN_TTL, config.MEDIA_URL_TTL + LINK_ROUNDING_S, PUT_TTL_S)
  const ended = new EndedSessions(longestTtlS + CLOCK_SKEW_S)
  const tokens = new AccessTokens({
    keys,
    ended,
    issuer: config.PUBLIC_URL ?? 'earshot',
    ttlS: config.ACCESS_TOKEN_TTL,
  })

  const running = await startLive({
    config,
    logger,
    metrics,
    nodeId,
    database,
    pool,
    db,
    sends,
    receipts,
    tokens,
    ended,
    pace,
    stops,
  })
  live = running

  const media = await openMedia(config, new Links(await readSecret(db, 'media_links'), config.MEDIA_URL_TTL))
  stops.push(() => media.storage.stop())
  stops.push(() => media.hasher.stop())
  const worker = new Worker({ db, media, logger }, database, config.JOBS, nodeId)
  stops.push(() => worker.stop())
  await worker.start()

  const { signals, typing, presence, sync, sockets } = running
  const health = new Health({
    version: VERSION,
    nodeId,
    nodes: () => running.nodes.list(),
    pool,
    listenerIsHealthy: () => running.listener.healthy,
    tailLagMs: () => running.tail.lagMs,
    staleMs: config.WS_STALE * 1_000,
    writeTrouble: () => gate.trouble,
    sockets: () => sockets.count,
    storage: media.storage,
    programs: media.programs,
    jobs: config.JOBS,
  })
  let url = ''
  const demos = config.NODE_ENV === 'development' ? new RunningDemos(() => url, logger) : undefined
  const http = createHttp(
    {
      db,
      sends,
      receipts,
      media,
      signals,
      typing,
      presence,
      sync,
      limits: config.limits,
      logger,
      metrics,
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
      demos,
      rates: new RateLimits(pool, config, running.messageRate),
    },
    {
      corsOrigins: config.CORS_ORIGINS,
      trustedProxies: config.TRUSTED_PROXIES,
      webMayChange: config.NODE_ENV === 'development',
    },
  )
  const server = new HttpServer(http)
  sockets.start(server.node)
  stops.push(() => server.stop())
  stops.push(() => sockets.stop())
  stops.push(async () => {
    health.stopping()
    // A load balancer that has not asked yet still sends people here.
    await delay(config.STOP_DELAY * 1_000)
  })
  // They are clients of this node: they go before it lets go of clients.
  if (demos) stops.push(() => demos.stop())
  const port = await server.start(config)
  url = `http://${config.HOST === '0.0.0.0' ? 'localhost' : config.HOST}:${port}`
  return { url, nodeId }
}
