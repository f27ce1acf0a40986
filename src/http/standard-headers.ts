// Headers that every answer has. What is set on an answer of Hono's before its route runs, or after it, has the whole answer made
// anew, which costs more than most routes: so the constant ones are given to Node, and CORS speaks where a page of another origin asks.
import { Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'
import type { Env } from './env.js'
import { TUS_SENT, TUS_TOLD } from './tus.js'

/** Those that keep browsers from guessing (OWASP Secure Headers), as the library says them. */
export function setSecureHeaders(): MiddlewareHandler<Env> {
  const sample = new Hono().use(secureHeaders({ crossOriginResourcePolicy: false })).get('/', (c) => c.body(null))
  const constant = Promise.resolve(sample.request('/')).then(({ headers }) => [...headers])
  return async (c, next) => {
    for (const [name, value] of await constant) c.env.outgoing.setHeader(name, value)
    await next()
  }
}

export function answerOrigins(origins: readonly string[]): MiddlewareHandler<Env> {
  const answer = cors({
    origin: (origin) => (origins.includes('*') || origins.includes(origin) ? origin : null),
    allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id', 'Traceparent', 'Tracestate', ...TUS_SENT],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', ...TUS_TOLD],
    maxAge: 600,
  })
  return (c, next) => {
    if (c.req.header('origin') !== undefined || c.req.method === 'OPTIONS') return answer(c, next)
    // A cache must not hand this answer to a page of another origin.
    c.header('Vary', 'Origin')
    return next()
  }
}
