// The one place where an error becomes an answer: RFC 9457 problem+json with a stable code, never a stack trace.
import type { Context, ErrorHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, ERRORS } from '../contract/errors.js'
import { describeIssues } from '../contract/issues.js'
import type { Problem } from '../contract/problems.js'
import { toAppError } from '../db/sqlstate.js'
import { isStorageFailure } from '../media/storage-failures.js'
import type { Env } from './env.js'
import { logIds } from './tracing.js'

export const answerError: ErrorHandler<Env> = (thrown, c) => {
  const error = fromHono(thrown) ?? fromStorage(thrown) ?? toAppError(thrown)
  if (error.status >= 500) c.var.logger.error({ err: thrown, ...logIds(c), code: error.code }, 'a request failed')
  return problem(c, error)
}

export const answerNotFound: NotFoundHandler<Env> = (c) => problem(c, new AppError('route.not_found'))

/** What a schema finds wrong with the input. Given to every group of routes. */
export function refuseInvalid(result: {
  success: boolean
  error?: { issues: { path: PropertyKey[]; code?: string; message: string }[] }
}): void {
  if (result.success) return
  throw new AppError('request.invalid', { errors: describeIssues(result.error?.issues ?? []) })
}

function fromHono(thrown: unknown): AppError | undefined {
  if (!(thrown instanceof HTTPException)) return undefined
  // The validator's own complaints: about a body that does not parse, and one that is of no type that the route takes.
  if (thrown.status === 400) return new AppError('request.malformed', {}, { cause: thrown })
  if (thrown.status === 415) return new AppError('request.unsupported_media_type', {}, { cause: thrown })
  return undefined
}

/** The disk is full, or the bucket does not answer: not the client's fault, and over some time later. */
function fromStorage(thrown: unknown): AppError | undefined {
  if (!isStorageFailure(thrown)) return undefined
  return new AppError('storage.unavailable', { retry_after_s: 1 }, { cause: thrown })
}

function problem(c: Context<Env>, error: AppError): Response {
  const { status, title } = ERRORS[error.code]
  const body: Problem = {
    type: `urn:earshot:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    instance: c.req.path,
    request_id: c.var.requestId,
    ...(error.info.errors && { errors: error.info.errors }),
  }
  if (error.info.retry_after_s !== undefined) c.header('Retry-After', String(error.info.retry_after_s))
  // When the rest of the body is not read, the connection ends with it: nobody should send a next request on it.
  const { method, complete } = c.env.incoming
  if (method !== 'GET' && method !== 'HEAD' && !complete) c.header('Connection', 'close')
  if (status === 401) c.header('WWW-Authenticate', 'Bearer')
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, { 'Content-Type': 'application/problem+json' })
}
