// The OpenAPI document tells everything there is to ask, and all that it tells is true.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ERRORS, type ErrorCode } from '../../src/contract/errors.js'
import { FILES } from '../../src/contract/json-schemas.js'
import type { Services } from '../../src/http/env.js'
import { WEB_PATHS } from '../../src/http/routes/web.js'
import { createHttp } from '../../src/http/server.js'
import { findFault, openApi, operationOf } from '../support/conformance.js'

type Media = {
  schema: { $ref?: string; format?: string }
  example?: unknown
  examples?: Record<string, { $ref: string }>
}
type Answer = { $ref?: string; description?: string; content?: Record<string, Media> }
type Operation = {
  operationId: string
  summary?: string
  tags: string[]
  security?: unknown[]
  parameters?: { name: string; in: string; required: boolean; schema: object; example?: unknown }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, Answer>
}

const { paths, components } = openApi
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path}`,
    method,
    path,
    ...(operation as Operation),
  })),
)
const shared = components.responses as Record<string, Answer>

function answerOf({ responses }: Operation, status: number): Answer | undefined {
  const found = responses[status]
  return found?.$ref ? shared[found.$ref.split('/').at(-1) ?? ''] : found
}

function codesOf(operation: Operation): string[] {
  return Object.keys(operation.responses).flatMap((status) =>
    Object.keys(answerOf(operation, Number(status))?.content?.['application/problem+json']?.examples ?? {}),
  )
}

test('every route is documented, but for the pages', () => {
  const app = createHttp({} as Services, { corsOrigins: [], trustedProxies: [] })
  const routes = app.routes
    .filter(({ method, path }) => method !== 'ALL' && !/^\/(docs|swagger)/.test(path) && !WEB_PATHS.includes(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  expect(operations.map(({ route }) => route).sort()).toEqual([...new Set(routes)].sort())
})

test('every operation has a summary, a tag, an id of its own and an answer for when it goes well', () => {
  for (const { route, summary, tags, operationId, responses } of operations) {
    expect.soft(summary, route).toMatch(/^\S.{5,}[^.]$/)
    expect.soft(tags, route).toEqual([expect.stringMatching(/^[a-z-]+$/)])
    expect.soft(operationId, route).toMatch(/^[a-z][A-Za-z0-9]+$/)
    expect.soft(Object.keys(responses), route).toContainEqual(expect.stringMatching(/^2\d\d$/))
  }
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
})

test('the ids of operations are what clients are generated from, so they stay', () => {
  const ids = Object.fromEntries(operations.map(({ route, operationId }) => [route, operationId]))
  expect(ids).toMatchObject({
    'POST /api/v1/auth/register': 'postAuthRegister',
    'GET /api/v1/users/me': 'getUsersMe',
    'GET /api/v1/conversations': 'getConversations',
    'GET /api/v1/conversations/{id}': 'getConversation',
    'POST /api/v1/conversations/{id}/messages': 'postConversationMessages',
    'DELETE /api/v1/conversations/{id}/members/{user_id}': 'deleteConversationMember',
  })
})

test('a token is needed everywhere but where one signs in, at the root, for pictures and for the documents', () => {
  const open = operations.filter(({ security }) => security?.length === 0)
  expect(open.map(({ path }) => path).filter((path) => path.startsWith('/api'))).toEqual([
    '/api/v1/auth/register',
    '/api/v1/auth/login',
    '/api/v1/auth/refresh',
    '/api/v1/avatars/{id}',
    '/api/v1/avatars/default/{id}',
    '/api/v1/openapi.json',
    '/api/v1/asyncapi.json',
  ])
  expect(openApi.security).toEqual([{ bearer: [] }])
  for (const operation of operations.filter((one) => !open.includes(one))) {
    expect.soft(codesOf(operation), operation.route).toContain('auth.token_expired')
  }
})

test('what every route may refuse is documented where it can occur, and only there', () => {
  for (const operation of operations) {
    const { route, method, path, parameters, requestBody } = operation
    const codes = codesOf(operation)
    const isApi = path.startsWith('/api/')
    const has = (code: ErrorCode) => ({ route, code, documented: codes.includes(code) })
    const expected = (code: ErrorCode, documented: boolean) => ({ route, code, documented })
    expect.soft(has('internal')).toEqual(expected('internal', true))
    expect.soft(has('unavailable')).toEqual(expected('unavailable', isApi))
    for (const code of ['request.malformed', 'request.too_large', 'request.unsupported_media_type'] as const)
      expect.soft(has(code)).toEqual(expected(code, isApi && method !== 'get'))
    const hasInput = parameters !== undefined || requestBody !== undefined
    expect.soft(has('request.invalid')).toEqual(expected('request.invalid', hasInput))
  }
})

test('a route whose rate is limited says so', () => {
  const app = createHttp({} as Services, { corsOrigins: [], trustedProxies: [] })
  const limited = app.routes.filter(({ handler }) => handler.name === 'limitedByRate')
  const documented = operations.filter((operation) => codesOf(operation).includes('rate_limited'))
  expect(documented.map(({ route }) => route).sort()).toEqual(
    // A route may be limited twice.
    [...new Set(limited.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`))].sort(),
  )
  expect(limited.length).toBeGreaterThan(2)
})

test('every error code belongs to an operation, unless it is of the socket or of no route', () => {
  const documented = new Set(operations.flatMap(codesOf))
  const elsewhere = [
    'route.not_found',
    'frame.malformed',
    'command.unknown',
    'stream.not_found',
    'stream.gone',
    'auth.other_session',
  ]
  const missing = Object.keys(ERRORS).filter((code) => !documented.has(code))
  expect(missing.filter((code) => !elsewhere.includes(code))).toEqual([])
})

test('a refusal is documented under its own status', () => {
  for (const operation of operations) {
    for (const status of Object.keys(operation.responses)) {
      const problem = answerOf(operation, Number(status))?.content?.['application/problem+json']
      for (const code of Object.keys(problem?.examples ?? {}))
        expect.soft(ERRORS[code as ErrorCode].status, `${operation.route} ${code}`).toBe(Number(status))
    }
  }
})

test('every body and every answer has an example unless it is a file, and all examples are valid', () => {
  let checked = 0
  const isFile = (type: string, { schema }: Media) => type === 'multipart/form-data' || schema.format === 'binary'
  const check = (place: string, schema: object, example: unknown) => {
    checked += 1
    expect.soft(example, place).toBeDefined()
    expect.soft(findFault(schema, example), `${place}: ${JSON.stringify(example)}`).toBeUndefined()
  }
  for (const { route, parameters = [], requestBody, responses } of operations) {
    for (const [type, media] of Object.entries(requestBody?.content ?? {}))
      if (!isFile(type, media)) check(`${route} body`, media.schema, media.example)
    for (const [status, answer] of Object.entries(responses)) {
      for (const [type, media] of Object.entries(answer.content ?? {}))
        if (type !== 'application/problem+json' && !isFile(type, media))
          check(`${route} ${status}`, media.schema, media.example)
    }
    for (const one of parameters.filter(({ required }) => required))
      check(`${route} ${one.name}`, one.schema, one.example)
  }
  for (const [code, { value }] of Object.entries(components.examples))
    check(code, { $ref: '#/components/schemas/Problem' }, value)
  expect(checked).toBeGreaterThan(90)
})

test('an example that its schema does not allow would be found', () => {
  expect(findFault({ $ref: '#/components/schemas/Role' }, 'emperor')).toMatch('must be equal to one of')
  expect(findFault({ $ref: '#/components/schemas/Id' }, 'one')).toMatch('must match format')
})

test('every reference leads somewhere, and every part is referred to', () => {
  const text = JSON.stringify(openApi)
  const references = new Set([...text.matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map((match) => match[1]))
  const parts = (['schemas', 'responses', 'examples'] as const).flatMap((kind) =>
    Object.keys(components[kind]).map((name) => `${kind}/${name}`),
  )
  expect([...references].filter((one) => one && !parts.includes(one))).toEqual([])
  const unused = parts.filter((part) => !references.has(part) && !part.startsWith('examples/'))
  expect(unused).toEqual([])
})

test('a path without parameters is found before one with them', () => {
  expect(operationOf('GET', '/api/v1/users/me')?.path).toBe('/api/v1/users/me')
  expect(operationOf('GET', '/api/v1/users/x')?.path).toBe('/api/v1/users/{id}')
  expect(operationOf('PUT', '/api/v1/users/x')).toBeUndefined()
})

test('every file of the contract with schemas gives them names', () => {
  const folder = join(import.meta.dirname, '../../src/contract')
  const unnamed = ['commands', 'asyncapi', 'json-schemas']
  const files = readdirSync(folder)
    .filter((file) => /from 'zod'/.test(readFileSync(join(folder, file), 'utf8')))
    .map((file) => file.replace(/\.ts$/, ''))
  expect(Object.keys(FILES).sort()).toEqual(files.filter((file) => !unnamed.includes(file)).sort())
})
