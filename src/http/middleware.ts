// What happens to every request before its route: who asks, from where, with a body that can be read.
import { isUtf8 } from 'node:buffer'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'
import { callerReader } from './callers.js'
import type { Env, Services } from './env.js'
import { isOpen, signedPurpose, takesBytes } from './paths.js'
import { logIds } from './tracing.js'

/** For a whole body that is no file. */
const BODY_MS = 30_000
const UTF8 = new TextDecoder()
const BODILESS = new Set(['GET', 'HEAD', 'DELETE'])
const JSON_TYPE = /^application\/json\s*(;|$)/i
/** Whatever a validator would take for JSON, and read as a whole. */
const LIKE_JSON = /^application\/[^;]*json/i

/**
 * Gives every request what was constructed once. Hono copies all variables each time that one is read, and there are many: here
 * they are one object, behind which the services stand.
 */
export function provide(services: Services): MiddlewareHandler<Env> {
  return (c, next) => {
    const variables = Object.create(services)
    Object.defineProperty(c, 'var', { value: variables })
    c.set = (name: string, value: unknown) => {
      variables[name] = value
    }
    c.get = (name: string) => variables[name]
    return next()
  }
}

/** Logs and measures the answer. The path is logged without its query: it may hold what people search for. */
export function report(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const start = performance.now()
    await next()
    const ms = performance.now() - start
    const labels = { method: c.req.method, route: routePath(c, -1), status: c.res.status }
    c.var.metrics.requests.observe(labels, ms / 1_000)
    if (!c.var.logger.isLevelEnabled('debug')) return
    c.var.logger.debug({ ...labels, path: c.req.path, ms: Math.round(ms * 10) / 10, ...logIds(c) }, 'request')
  }
}

/** Answers hold tokens and what people write: no cache on the way may keep them (RFC 6749 §5.1). Files say otherwise. */
export function neverStore(): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.header('Cache-Control', 'no-store')
    c.header('Cross-Origin-Resource-Policy', 'same-origin')
    await next()
  }
}

/** The client's address; X-Forwarded-For counts only as far as it comes from proxies that are trusted. */
export function findAddress(trustedProxies: string[]): MiddlewareHandler<Env> {
  const callerOf = callerReader(trustedProxies)
  return async (c, next) => {
    c.set('address', callerOf(c.env.incoming).address)
    await next()
  }
}

/** Each of them holds a connection, and up to a whole file that no quota counts yet: so one user has a bounded number. */
function boundedArrivals(): MiddlewareHandler<Env> {
  const arriving = new Map<string, number>()
  return async (c, next) => {
    const { user_id } = c.var.actor
    const others = arriving.get(user_id) ?? 0
    if (others >= HARD.open_uploads) throw new AppError('upload.too_many', { detail: 'So many arrive just now' })
    arriving.set(user_id, others + 1)
    try {
      await next()
    } finally {
      const left = (arriving.get(user_id) ?? 1) - 1
      if (left > 0) arriving.set(user_id, left)
      else arriving.delete(user_id)
    }
  }
}

/** A body is JSON in UTF-8 of bounded size, but for files. Invalid UTF-8 would otherwise be replaced in silence. */
export function readableBody(): MiddlewareHandler<Env> {
  const refuse = () => {
    throw new AppError('request.too_large', { detail: `At most ${HARD.body_bytes} bytes` })
  }
  const count = bodyLimit({ maxSize: HARD.body_bytes, onError: refuse })
  const arrive = boundedArrivals()
  return (c, next) => {
    if (takesBytes(c.req.path, LIKE_JSON.test(c.req.header('content-type') ?? ''))) {
      return BODILESS.has(c.req.method) ? next() : arrive(c, next)
    }
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const read = async () => {
      const late = setTimeout(() => c.env.incoming.destroy(), BODY_MS)
      const bytes = Buffer.from(await c.req.arrayBuffer().finally(() => clearTimeout(late)))
      if (bytes.length > 0) {
        if (!JSON_TYPE.test(c.req.header('content-type') ?? '')) {
          throw new AppError('request.unsupported_media_type', { detail: 'The body must be application/json' })
        }
        if (!isUtf8(bytes)) throw new AppError('request.malformed')
        // What the validator parses. From the bytes it would be made by way of a stream.
        Object.assign(c.req.bodyCache, { text: Promise.resolve(UTF8.decode(bytes)) })
      }
      await next()
    }
    // The library looks at a stream, which is made for that alone: only for a body of unknown length it is worth it.
    if (c.req.header('transfer-encoding') !== undefined) return count(c, read)
    if (Number(c.req.header('content-length') ?? 0) > HARD.body_bytes) {
      // Whoever is still sending would not read the answer.
      c.env.incoming.resume()
      refuse()
    }
    return read()
  }
}

/** Everything needs a valid access token, or the signature of a file; but for what is open to all. */
export function requireActor(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const signature = c.req.query('signature')
    const signed = signature === undefined ? undefined : signedPurpose(c.req.method, c.req.path)
    if (signature !== undefined && signed) {
      const actor = c.var.media.links.verify(signed.purpose, signed.id, signature)
      if (c.var.auth.ended.has(actor.session_id)) throw new AppError('attachment.link_invalid')
      c.set('actor', actor)
    } else if (!isOpen(c.req.path)) {
      const token = /^Bearer +([^ ]+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
      if (token === undefined) throw new AppError('auth.unauthenticated')
      c.set('actor', await c.var.auth.tokens.verify(token))
    }
    await next()
  }
}
