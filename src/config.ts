// How the server is set up: one table of environment variables with safe defaults. The only reader of process.env.
import { z } from 'zod'
import { HARD, type Limits } from './contract/limits.js'
import { parseByteSize } from './kit/byte-size.js'
import { parseDuration } from './kit/duration.js'
import { StartupError } from './kit/startup-error.js'

const whole = (min: number, max: number, standard: number) =>
  z.coerce.number().int().min(min).max(max).default(standard)
const seconds = (standard: string, least = 1) =>
  z
    .string()
    .default(standard)
    .transform((text, context) => {
      const value = parseDuration(text)
      if (value === undefined || value < least)
        context.addIssue({ code: 'custom', message: 'must look like 90s, 15m, 24h or 30d' })
      return value ?? 0
    })
const bytes = (standard: string) =>
  z
    .string()
    .default(standard)
    .transform((text, context) => {
      const value = parseByteSize(text)
      if (value === undefined || value === 0)
        context.addIssue({ code: 'custom', message: 'must look like 512kB, 100MB or 1GiB' })
      return value ?? 0
    })
const list = () =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean),
    )
/** `20/1m`: twenty in each minute. */
const rate = (standard: string) =>
  z
    .string()
    .default(standard)
    .transform((text, context) => {
      const [points, window] = text.split('/')
      const value = { points: Number(points), window_s: parseDuration(window ?? '') ?? 0 }
      if (!Number.isInteger(value.points) || value.points < 1 || value.window_s < 1) {
        context.addIssue({ code: 'custom', message: 'must look like 20/1m or 100/1h' })
      }
      return value
    })

/** Every variable, with what it is for; docs/configuration.md is made of this table. */
export const VARIABLES = {
  PORT: whole(0, 65_535, 3000).describe('Port to listen on; 0 takes a free one'),
  HOST: z.string().default('0.0.0.0').describe('Address to listen on'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address that clients use; the issuer of tokens'),
  WORKERS: whole(1, 64, 1).describe('Processes that share the port, each a node of its own; or --workers'),
  DATABASE_URL: z.string().optional().describe('PostgreSQL 15 to 18; absent: a PostgreSQL of its own in DATA_DIR'),
  DATABASE_POOL_MAX: whole(2, 500, 20).describe(
    'Connections in the pool of each worker; it uses two more, and for its jobs at most JOBS + 1',
  ),
  DATABASE_STATEMENT_TIMEOUT: seconds('15s').describe('Longest statement'),
  DATABASE_CONNECT_TIMEOUT: seconds('5s').describe('Longest wait for a connection'),
  DATA_DIR: z.string().default('.data').describe('Folder of the embedded PostgreSQL'),
  UPLOADS_DIR: z
    .string()
    .default('uploads')
    .describe('Folder of uploaded files, and of those that are on their way to S3'),
  S3_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of an S3-compatible storage; absent: files stay in UPLOADS_DIR'),
  S3_BUCKET: z.string().optional().describe('Bucket for uploaded files; needed with S3_ENDPOINT'),
  S3_REGION: z.string().default('us-east-1').describe('Region that signatures name'),
  S3_ACCESS_KEY_ID: z.string().optional().describe('Key of the S3 storage'),
  S3_SECRET_ACCESS_KEY: z.string().optional().describe('Its secret'),
  S3_STORAGE_CLASS: z.string().optional().describe('Storage class that new objects are given'),
  MAX_IMAGE_BYTES: bytes('20MB').describe('Largest image'),
  MAX_VIDEO_BYTES: bytes('100MB').describe('Largest video'),
  MAX_AUDIO_BYTES: bytes('50MB').describe('Largest audio file or voice message'),
  MAX_FILE_BYTES: bytes('50MB').describe('Largest document or text'),
  MAX_ARCHIVE_BYTES: bytes('100MB').describe('Largest archive'),
  MAX_AVATAR_BYTES: bytes('5MB').describe('Largest picture that becomes an avatar'),
  MAX_USER_MEDIA_BYTES: bytes('5GB').describe('Bytes of all files of one user'),
  MEDIA_GRACE: seconds('7d').describe('How long the bytes of a removed file are kept'),
  MEDIA_URL_TTL: seconds('15m').describe('Life of a signed address of a file'),
  UPLOAD_TTL: seconds('24h').describe('How long an upload may take, and a file may wait for its message'),
  UPLOAD_STALL: seconds('30s').describe('Without a byte, an upload ends'),
  JOBS: whole(0, 64, 1).describe('Jobs that each worker does at the same time; 0 leaves them to other nodes'),
  FFMPEG_PATH: z
    .string()
    .default('ffmpeg')
    .describe('Program that reads video and audio; without it they have no preview'),
  FFPROBE_PATH: z.string().default('ffprobe').describe('Program that measures video and audio'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is logged; debug logs each request'),
  CORS_ORIGINS: list().describe(
    'Origins whose pages may call the API and open sockets, separated by commas; * for any',
  ),
  TRUSTED_PROXIES: list().describe('Addresses or networks whose X-Forwarded-For, -Host and -Proto are believed'),
  ACCESS_TOKEN_TTL: seconds('15m').describe('Life of an access token'),
  REFRESH_TOKEN_TTL: seconds('30d').describe('Life of a session that is not refreshed'),
  MAX_SESSIONS: whole(1, 1_000, 10).describe('Sessions of a user; one more ends the longest idle'),
  MAX_MESSAGE_LENGTH: whole(1, HARD.message_bytes, 5_000).describe('Characters of a message'),
  MAX_MESSAGE_BYTES: whole(4, HARD.message_bytes, HARD.message_bytes).describe('Bytes of a message in UTF-8'),
  MAX_MEMBERS: whole(2, 100_000, 1_000).describe('Members of a conversation'),
  MAX_BLOCKS: whole(1, 10_000, 1_000).describe('People whom one user may block'),
  EDIT_WINDOW: seconds('15m').describe('How long a sender may edit a message'),
  DELETE_WINDOW: seconds('24h').describe('How long a sender may delete a message for everyone'),
  EVENT_WINDOW: seconds('14d').describe('How long events stay in the log'),
  WS_PING_INTERVAL: seconds('25s').describe('Time between server pings'),
  WS_PONG_TIMEOUT: seconds('10s').describe('Time to answer a ping'),
  WS_MAX_FRAME_BYTES: whole(1_024, 10_485_760, 524_288).describe('Largest frame from a client'),
  WS_QUEUE_BYTES: whole(65_536, 1_073_741_824, 1_048_576).describe('Bytes that may wait for a socket'),
  WS_QUEUE_FRAMES: whole(16, 1_000_000, 1_024).describe('Frames that may wait for a socket'),
  WS_STALL: seconds('30s').describe('How long a socket may take nothing of what waits for it'),
  WS_STALE: seconds('5s').describe('How long the log may not be read until clients are told that they may be behind'),
  WS_AUTH_GRACE: seconds('25s').describe('From the end of a token until its socket is closed'),
  WS_MAX_PER_USER: whole(1, 10_000, 10).describe('Sockets of one user on a node; one more closes the oldest'),
  WS_MAX_PER_ADDRESS: whole(1, 1_000_000, 100).describe('Sockets from one address on a node'),
  WS_CONNECTS: rate('30/1m').describe('Sockets that one user opens, on a node'),
  WS_COMMANDS: rate('200/1m').describe('Commands of one socket'),
  WS_RESUMES: whole(1, 100, 4).describe('Sockets that catch up at the same time; the others wait'),
  WS_DRAIN: seconds('5s').describe('Over how long a node that stops spreads the closing of its sockets'),
  STOP_DELAY: seconds('0s', 0).describe(
    'How long a node that stops says that it is not ready, and still serves, until it lets go of anybody',
  ),
  WS_COMPRESSION: z
    .enum(['on', 'off'])
    .default('off')
    .describe('permessage-deflate: less on the line, more memory and work for each socket'),
  TICKET_TTL: seconds('30s').describe('Life of a ticket that opens a socket'),
  EVENT_CACHE: bytes('16MB').describe('Recent events kept in memory for sockets that come back'),
  NODE_LEASE: seconds('45s', 2).describe(
    'Without a sign of life a node counts as dead; it gives one in each third of it',
  ),
  PRESENCE_GRACE: seconds('30s').describe('From the last closed socket until somebody is offline'),
  PRESENCE_AWAY: seconds('5m').describe('Without a command on any socket until somebody is away'),
  PRESENCE_OFFLINE: seconds('30m').describe('Without a command on any socket until somebody is offline'),
  RATE_LIMIT_REGISTER: rate('20/1h').describe('Sign-ups from an address'),
  RATE_LIMIT_LOGIN: rate('30/15m').describe('Sign-ins from an address'),
  RATE_LIMIT_LOGIN_ACCOUNT: rate('10/15m').describe('Failed sign-ins to an account'),
  RATE_LIMIT_MESSAGE: rate('100/1m').describe('Messages that one user sends, on a node'),
  RATE_LIMIT_TICKET: rate('60/1m').describe('Tickets that one user asks for'),
  RATE_LIMIT_UPLOAD: rate('100/1m').describe('Uploads that one user begins'),
  RATE_LIMIT_SEARCH: rate('60/1m').describe('User searches of a user'),
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('production refuses unsafe combinations, with a sentence each'),
}

const Environment = z.object(VARIABLES)
export type Config = ReturnType<typeof readConfig>
export type DatabaseConfig = {
  url: string
  pool_max: number
  statement_timeout_ms: number
  connect_timeout_ms: number
}

/** Reads `.env` of the working folder into the environment; what is set there already wins. */
export function loadEnvFile(): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

/** `flags`, from the command line, win. @throws StartupError that names the first bad value */
export function readConfig(
  environment: Record<string, string | undefined> = process.env,
  flags: Record<string, string> = {},
) {
  // An empty variable is an absent one: `PORT= npm start`.
  const given = Object.fromEntries(Object.entries({ ...environment, ...flags }).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new StartupError(`Set ${issue?.path.join('.')} to a valid value: ${issue?.message}.`)
  }
  const env = parsed.data
  refuseUnsafe(env)
  const limits: Limits = {
    message_length: env.MAX_MESSAGE_LENGTH,
    message_bytes: env.MAX_MESSAGE_BYTES,
    members: env.MAX_MEMBERS,
    sessions: env.MAX_SESSIONS,
    blocks: env.MAX_BLOCKS,
    edit_window_s: env.EDIT_WINDOW,
    delete_window_s: env.DELETE_WINDOW,
    file_bytes: {
      image: env.MAX_IMAGE_BYTES,
      video: env.MAX_VIDEO_BYTES,
      audio: env.MAX_AUDIO_BYTES,
      file: env.MAX_FILE_BYTES,
      archive: env.MAX_ARCHIVE_BYTES,
    },
    avatar_bytes: env.MAX_AVATAR_BYTES,
    user_media_bytes: env.MAX_USER_MEDIA_BYTES,
  }
  return { ...env, limits, database: (url: string): DatabaseConfig => databaseConfig(env, url) }
}

function databaseConfig(env: z.infer<typeof Environment>, url: string): DatabaseConfig {
  return {
    url,
    pool_max: env.DATABASE_POOL_MAX,
    statement_timeout_ms: env.DATABASE_STATEMENT_TIMEOUT * 1_000,
    connect_timeout_ms: env.DATABASE_CONNECT_TIMEOUT * 1_000,
  }
}

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]', ''])
const WEAK_PASSWORDS = new Set([
  '',
  'postgres',
  'password',
  'secret',
  'admin',
  'earshot',
  'changeme',
  'example',
  '123456',
])

/** Combinations that are handy on a laptop and wrong on the internet. */
function refuseUnsafe(env: z.infer<typeof Environment>): void {
  if (env.DATABASE_URL !== undefined && !/^postgres(ql)?:\/\//.test(env.DATABASE_URL)) {
    throw new StartupError('Set DATABASE_URL to postgres://user:password@host:5432/database.')
  }
  if (!env.S3_ENDPOINT && (env.S3_BUCKET || env.S3_ACCESS_KEY_ID || env.S3_SECRET_ACCESS_KEY)) {
    throw new StartupError('Set S3_ENDPOINT too, or files would be kept in UPLOADS_DIR.')
  }
  if (env.S3_ENDPOINT && !(env.S3_BUCKET && env.S3_ACCESS_KEY_ID && env.S3_SECRET_ACCESS_KEY)) {
    throw new StartupError('With S3_ENDPOINT, set S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY too.')
  }
  if (env.NODE_ENV !== 'production') return
  if (env.CORS_ORIGINS.includes('*')) {
    throw new StartupError(
      'In production, name the origins in CORS_ORIGINS: * would let every web page act for its visitors.',
    )
  }
  if (env.TRUSTED_PROXIES.some((network) => /\/0$/.test(network))) {
    throw new StartupError(
      'In production, name your proxies in TRUSTED_PROXIES: trusting every address lets clients forge theirs.',
    )
  }
  if (env.PUBLIC_URL?.startsWith('http:') && !LOCAL.has(new URL(env.PUBLIC_URL).hostname)) {
    throw new StartupError('In production, set PUBLIC_URL to an https address: tokens must not travel in the clear.')
  }
  if (env.DATABASE_URL) {
    const url = new URL(env.DATABASE_URL)
    if (!LOCAL.has(url.hostname) && WEAK_PASSWORDS.has(decodeURIComponent(url.password))) {
      throw new StartupError('In production, give the database user in DATABASE_URL a strong password.')
    }
  }
}

/** What is in force, line by line; the password of the database is hidden. */
export function describeConfig(config: Config): string {
  const show = (name: string, value: unknown) => {
    if (name === 'DATABASE_URL' && typeof value === 'string')
      return value.replace(/\/\/([^:@/]*):[^@]*@/, '//$1:[hidden]@')
    if (name === 'S3_SECRET_ACCESS_KEY' && value !== undefined) return '[hidden]'
    if (Array.isArray(value)) return value.join(',')
    if (typeof value === 'object' && value !== null && 'points' in value && 'window_s' in value)
      return `${value.points}/${value.window_s}s`
    return value === undefined ? '' : String(value)
  }
  return Object.keys(VARIABLES)
    .map((name) => `${name}=${show(name, config[name as keyof typeof VARIABLES])}`)
    .join('\n')
}
