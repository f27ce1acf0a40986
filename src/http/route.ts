// The pieces of a route's declaration, in the words of OpenAPI.

import type { z } from '@hono/zod-openapi'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, TypedResponse } from 'hono'
import type { JSONParsed } from 'hono/utils/types'
import { ERRORS, type ErrorCode } from '../contract/errors.js'
import { Problem } from '../contract/problems.js'
import type { JsonText } from '../kit/json-text.js'
import type { Env } from './env.js'
import { refuseInvalid } from './errors.js'

export const PROBLEM_TYPE = 'application/problem+json'

export function createRoutes(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({ defaultHook: refuseInvalid })
}

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** An answer that is JSON already: documented, and typed for the handler, like one that json() says. */
export function sendJson<T, S extends 200 | 201>(c: Context, text: JsonText<T>, status: S) {
  // A response bears its type for the compiler alone.
  return c.body(text, status, { 'Content-Type': 'application/json' }) as unknown as TypedResponse<
    JSONParsed<T>,
    S,
    'json'
  >
}

export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
})

export const BINARY = { type: 'string' as const, format: 'binary' }

/** A body that is a file, of whatever type unless it is named. */
export const bytesOf = (type = '*/*', required = true) => ({ required, content: { [type]: { schema: BINARY } } })

/** What answerFile() answers. */
export const FILE_ANSWERS = {
  200: { description: 'All of it', content: { '*/*': { schema: BINARY } } },
  206: { description: 'The range that was asked for', content: { '*/*': { schema: BINARY } } },
  304: { description: 'The client has it' },
}

/** Of an answer. */
export const header = (description: string) => ({ description, schema: { type: 'string' as const } })

export const noContent = (description: string) => ({ 204: { description } })

/** The refusals that belong to the route itself, by status. http/openapi.ts adds those that every route shares. */
export function problems(...codes: ErrorCode[]): Record<number, ReturnType<typeof problem>> {
  const byStatus = groupByStatus(codes)
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, problem(group)]))
}

function groupByStatus(codes: ErrorCode[]): Map<number, ErrorCode[]> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of codes) byStatus.set(ERRORS[code].status, [...(byStatus.get(ERRORS[code].status) ?? []), code])
  return byStatus
}

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' as const } } }

/** Of codes with one status. */
export function problem(codes: ErrorCode[]) {
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]))
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
    ...(codes.includes('rate_limited') && { headers: RETRY_AFTER }),
    content: { [PROBLEM_TYPE]: { schema: Problem, examples } },
  }
}
