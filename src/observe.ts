// What the server reports: structured logs and Prometheus metrics. Secrets and personal data never enter either.
import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Logger = PinoLogger

/** Fields that are cut out wherever they turn up in a log line. */
const REDACTED = ['password', 'token', 'access_token', 'refresh_token', 'email', 'phone', 'authorization', 'cookie']

/** Writes to the standard output unless it is told where else. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** PostgreSQL repeats rows in `detail` and statements in `where`: neither is for a log. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { type, message, stack, code } = pino.stdSerializers.err(error)
  return { type, message, stack, code }
}

/** A URL as it may be logged: a socket carries its token in the query (RFC 6750 §2.3 warns of just this). */
export function redactUrl(url: string): string {
  return url.replace(/([?&](?:token|ticket|resume)=)[^&#]*/gi, '$1[redacted]')
}

/** What several processes have exposed, as one: each name is described once. */
export function mergeExposed(texts: readonly string[]): string {
  const families = new Map<string, string[]>()
  for (const family of texts.flatMap((text) => text.trimEnd().split('\n\n'))) {
    const [help = '', type = '', ...series] = family.split('\n')
    const known = families.get(help)
    if (known) known.push(...series)
    else families.set(help, [help, type, ...series])
  }
  return `${[...families.values()].map((lines) => lines.join('\n')).join('\n\n')}\n`
}

export type Metrics = ReturnType<typeof createMetrics>

/** A registry of its own for each app, so that two nodes in one process (as in tests) count apart. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const seconds = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers })
  const LATENCIES = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  const samplers: (() => void)[] = []
  return {
    /** Has `read` set its gauges each time somebody looks. */
    sample: (read: () => void) => {
      samplers.push(read)
    },
    /** Everything in the text format of Prometheus. `labels`: on each series from now on. */
    expose: async (labels?: Record<string, string>) => {
      if (labels) registry.setDefaultLabels(labels)
      for (const read of samplers) read()
      return { text: await registry.metrics(), type: registry.contentType }
    },
    requests: new Histogram({
      name: 'earshot_http_request_seconds',
      help: 'Time to answer a request, by route pattern and status',
      labelNames: ['method', 'route', 'status'],
      buckets: LATENCIES,
      registers,
    }),
    sockets: gauge('earshot_sockets', 'Open WebSocket connections'),
    socketCloses: counter('earshot_socket_closes_total', 'Closed connections, by the code the server sent', ['code']),
    socketRefusals: counter('earshot_socket_refusals_total', 'Sockets that were not let in, by reason', ['reason']),
    commands: counter('earshot_socket_commands_total', 'Commands over sockets, by name and outcome', [
      'type',
      'outcome',
    ]),
    sends: counter('earshot_message_sends_total', 'Message sends, by outcome', ['outcome']),
    sendBatches: new Histogram({
      name: 'earshot_send_batch_messages',
      help: 'Messages that were written in one transaction',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200],
      registers,
    }),
    sendsWaiting: gauge('earshot_sends_waiting', 'Messages that wait for their commit'),
    deliveries: counter('earshot_deliveries_total', 'Frames of durable events put into socket queues'),
    socketsBehind: counter(
      'earshot_sockets_behind_total',
      'Full queues that were thrown away, to catch up from the log',
    ),
    resumes: counter(
      'earshot_socket_resumes_total',
      'Sockets that caught up: from memory, from the log, or by resync',
      ['from'],
    ),
    recentBytes: gauge('earshot_recent_events_bytes', 'Recent events kept in memory'),
    signals: counter('earshot_signals_total', 'Signals handed to the sockets of this node, by type', ['type']),
    signalsShed: counter('earshot_signals_shed_total', 'Signals that were left out for a slow socket'),
    presenceTold: counter('earshot_presence_told_total', 'Changes of presence told to sockets that watch'),
    live: new Gauge({
      name: 'earshot_live_entries',
      help: 'What this node keeps in memory of people: present, typing, watched',
      labelNames: ['kind'],
      registers,
    }),
    commitToSocket: seconds('earshot_commit_to_socket_seconds', 'From the event row to the socket queues', LATENCIES),
    tailReads: counter('earshot_tail_reads_total', 'Reads of the log by the tail'),
    tailEvents: counter('earshot_tail_events_total', 'Events that the tail has dispatched'),
    tailErrors: counter('earshot_tail_errors_total', 'Failed reads of the log'),
    tailGaps: counter('earshot_tail_stream_gaps_total', 'Alarms: an event whose seq was not the next of its stream'),
    tailPoison: counter('earshot_tail_poison_total', 'Events that could not be handed out'),
    tailHead: gauge('earshot_tail_head', 'Largest event id that the tail has seen'),
    tailSafe: gauge('earshot_tail_safe', 'Event id below which nothing can appear any more'),
    tailHoles: gauge('earshot_tail_holes', 'Ranges of event ids that may still appear'),
    stale: gauge('earshot_stale', '1 while clients are told that this node may be behind'),
    tailLag: gauge('earshot_tail_lag_seconds', 'Time since the tail last read the log successfully'),
    nodes: gauge('earshot_nodes', 'Live nodes, this one included'),
    nodeLeaseAge: gauge('earshot_node_lease_age_seconds', 'Time since this node last renewed its lease successfully'),
    nodeLag: new Gauge({
      name: 'earshot_node_lag_seconds',
      help: 'Time since the tail of each live node last read the log, when it last renewed its lease',
      labelNames: ['node'],
      registers,
    }),
    bellLatency: seconds('earshot_bell_latency_seconds', 'Round trip of the heartbeat over NOTIFY', LATENCIES),
    listenerUp: gauge('earshot_listener_up', '1 while the listener hears its own heartbeat'),
    writesUp: gauge('earshot_database_writes_up', '0 while writes fail for a reason of the database'),
    writeRefusals: counter(
      'earshot_write_refusals_total',
      'Writes that were refused at once since others had failed, by reason',
      ['reason'],
    ),
    pool: new Gauge({
      name: 'earshot_pool_connections',
      help: 'Pool connections by state',
      labelNames: ['state'],
      registers,
    }),
  }
}
