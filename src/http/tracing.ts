// What ties the log lines of one request together, and those of all services that it passed.
import type { Context, MiddlewareHandler } from 'hono'
import { newTraceId, parseTraceparent } from '../kit/trace-context.js'
import type { Env } from './env.js'

/** Goes on with the caller's trace, or begins one. */
export function trace(): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.set('traceId', parseTraceparent(c.req.header('traceparent') ?? '') ?? newTraceId())
    await next()
  }
}

/** For each log line of a request. Not a logger of its own: most requests log nothing. */
export function logIds(c: Context<Env>): { request_id: string; trace_id: string } {
  return { request_id: c.var.requestId, trace_id: c.var.traceId }
}
