// The OpenAPI document, made of the routes as they are registered: whoever adds a route with createRoute has documented it.
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { ERRORS, type ErrorCode } from '../contract/errors.js'
import { exampleOf } from '../contract/examples.js'
import { describeSchemas, type JsonSchema, mergeComponents, onlyReached, resolve } from '../contract/json-schemas.js'
import type { Problem } from '../contract/problems.js'
import { VERSION } from '../kit/version.js'
import type { Env } from './env.js'
import { PROBLEM_TYPE, problem } from './route.js'

type Definition = OpenAPIHono<Env>['openAPIRegistry']['definitions'][number]
export type Route = Extract<Definition, { type: 'route' }>['route']
type Body = NonNullable<NonNullable<Route['request']>['body']>
type Media = { schema?: unknown; examples?: unknown; example?: unknown }
type Answer = { description: string; headers?: object; content?: Record<string, Media> } | { $ref: string }
type Components = Record<string, JsonSchema>

/** The refusals that many routes share: told once, and added where they can occur. */
const SHARED = {
  Malformed: ['request.malformed'],
  Unauthenticated: ['auth.unauthenticated', 'auth.token_invalid', 'auth.token_expired', 'auth.session_ended'],
  TooLarge: ['request.too_large'],
  UnsupportedMediaType: ['request.unsupported_media_type'],
  Invalid: ['request.invalid'],
  Internal: ['internal'],
  Unavailable: ['busy', 'overloaded', 'unavailable', 'storage.unavailable'],
} as const satisfies Record<string, ErrorCode[]>
type SharedName = keyof typeof SHARED

const DESCRIPTION = `Self-hosted realtime messaging.

Every error is an \`application/problem+json\` with a stable \`code\`; docs/errors.md lists them all.
What happens is heard over the WebSocket \`/ws\`, which \`/api/v1/asyncapi.json\` describes.
Answers may gain fields: pass over those that you do not know.`

/** @param isOpen whether a path needs no token */
export function buildOpenApi(definitions: readonly Definition[], isOpen: (path: string) => boolean) {
  const routes = definitions
    .flatMap((one) => (one.type === 'route' ? [one.route] : []))
    .map((route) => ({ route, id: operationId(route), answers: withShared(route, isOpen(route.path)) }))
  const sent = describeSchemas(Object.fromEntries(routes.flatMap(({ route, id }) => inputsOf(route, id))), 'input')
  const shared = Object.entries(SHARED).map(([name, codes]) => [name, problem([...codes])] as const)
  const told = describeSchemas(
    Object.fromEntries([
      ...routes.flatMap(({ id, answers }) =>
        Object.entries(answers).flatMap(([status, one]) => outputsOf(one, id, status)),
      ),
      ...shared.flatMap(([name, answer]) => outputsOf(answer, 'shared', name)),
    ]),
    'output',
  )
  const schemas = mergeComponents(sent.components, told.components)

  const paths: Record<string, Record<string, object>> = {}
  for (const { route, id, answers } of routes) {
    const { method, path, summary, description, request } = route
    const open = isOpen(path)
    paths[path] = {
      ...paths[path],
      [method]: {
        operationId: id,
        tags: route.tags ?? [tagOf(path)],
        summary,
        ...(description && { description }),
        ...(open && { security: [] }),
        ...(request && withParameters(sent.schemas, id, schemas)),
        ...(request?.body && { requestBody: requestBody(request.body, id, sent.schemas, schemas) }),
        responses: Object.fromEntries(
          Object.entries(answers).map(([status, one]) => [status, answer(one, id, status, told.schemas, schemas)]),
        ),
      },
    }
  }
  const responses = Object.fromEntries(
    shared.map(([name, one]) => [name, answer(one, 'shared', name, told.schemas, schemas)]),
  )
  const tags = [...new Set(Object.values(paths).flatMap((path) => Object.values(path).flatMap((one) => tagsIn(one))))]
  return {
    openapi: '3.1.0',
    info: { title: 'Earshot', version: VERSION, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'This server' }],
    security: [{ bearer: [] }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The `access_token` of a sign-in' },
      },
      responses,
      examples: Object.fromEntries(Object.keys(ERRORS).map((code) => [code, exampleProblem(code as ErrorCode)])),
      // Without those that have become parameters.
      schemas: onlyReached({ paths, responses }, schemas),
    },
  }
}
export type OpenApi = ReturnType<typeof buildOpenApi>

/** `GET /api/v1/conversations/{id}/members` is getConversationMembers. Says nothing twice, and stays. */
function operationId({ method, path, operationId: given }: Route): string {
  if (given) return given
  const segments = path
    .replace(/^\/api\/v1/, '')
    .split('/')
    .filter(Boolean)
  const words = segments.flatMap((segment, index) => {
    if (segment.startsWith('{')) return []
    return (segments[index + 1]?.startsWith('{') ? segment.replace(/s$/, '') : segment)
      .split(/[^A-Za-z0-9]+/)
      .filter(Boolean)
  })
  return method + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('')
}

/** The noun: `messages` also for `/conversations/{id}/messages`, but not `leave` for `/conversations/{id}/leave`. */
function tagOf(path: string): string {
  if (!path.startsWith('/api/v1/')) return 'operations'
  const [first = '', , second = ''] = path.split('/').slice(3)
  if (first.includes('.')) return 'documents'
  return /[^su]s$/.test(second) ? second : first
}

function tagsIn(operation: object): string[] {
  return 'tags' in operation ? (operation.tags as string[]) : []
}

/** The route's own answers, and the refusals that it shares with others. */
function withShared(route: Route, open: boolean): Record<string, Answer> {
  const { request, path, method } = route
  const below = path.startsWith('/api/')
  const mayHaveBody = below && method !== 'get' && method !== 'head'
  const names: SharedName[] = [
    ...(mayHaveBody ? (['Malformed', 'TooLarge', 'UnsupportedMediaType'] as const) : []),
    ...(open ? [] : (['Unauthenticated'] as const)),
    ...(request?.params || request?.query || request?.headers || request?.body ? (['Invalid'] as const) : []),
    'Internal',
    ...(below ? (['Unavailable'] as const) : []),
  ]
  const answers = { ...(route.responses as Record<string, Answer>) }
  for (const name of names) {
    const codes: readonly ErrorCode[] = SHARED[name]
    const status = ERRORS[codes[0] ?? 'internal'].status
    const own = codesOf(answers[status])
    answers[status] = own.every((code) => codes.includes(code))
      ? { $ref: `#/components/responses/${name}` }
      : problem([...new Set([...own, ...codes])])
  }
  return answers
}

function exampleProblem(code: ErrorCode): { value: Problem } {
  const { status, title } = ERRORS[code]
  const errors = [{ path: 'name', code: 'too_small', message: 'Too small: expected string to have >=1 characters' }]
  return {
    value: {
      type: `urn:earshot:error:${code}`,
      title,
      status,
      code,
      detail: title,
      instance: '/api/v1/conversations',
      request_id: '0197a000-0000-7000-8000-000000000000',
      ...(code === 'request.invalid' && { errors }),
    },
  }
}

/** The codes of an answer that problems() has made. */
function codesOf(given: Answer | undefined): ErrorCode[] {
  if (!given || '$ref' in given) return []
  return Object.keys(given.content?.[PROBLEM_TYPE]?.examples ?? {}) as ErrorCode[]
}

function inputsOf({ request }: Route, id: string): [string, z.ZodType][] {
  const parts: [string, unknown][] = [
    [`${id}.path`, request?.params],
    [`${id}.query`, request?.query],
    [`${id}.header`, request?.headers],
    ...mediaOf(request?.body).map(([type, { schema }]): [string, unknown] => [`${id}.${type}`, schema]),
  ]
  return parts.filter((part): part is [string, z.ZodType] => part[1] instanceof z.ZodType)
}

function outputsOf(given: Answer, id: string, status: string): [string, z.ZodType][] {
  if ('$ref' in given) return []
  return Object.entries(given.content ?? {}).flatMap(([type, { schema }]): [string, z.ZodType][] =>
    schema instanceof z.ZodType ? [[`${id}.${status}.${type}`, schema]] : [],
  )
}

function withParameters(sent: Components, id: string, components: Components): { parameters?: object[] } {
  const parameters = (['path', 'query', 'header'] as const).flatMap((place) => {
    const { properties = {}, required = [] } = resolve(sent[`${id}.${place}`] ?? {}, components)
    return Object.entries(properties).map(([name, given]) => {
      const { description } = resolve(given, components)
      const isRequired = place === 'path' || required.includes(name)
      return {
        name,
        in: place,
        required: isRequired,
        ...(description && { description }),
        schema: given,
        ...(isRequired && { example: exampleOf(given, components, name) }),
      }
    })
  })
  return parameters.length > 0 ? { parameters } : {}
}

function requestBody(given: Body, id: string, sent: Components, components: Components): object {
  const content = mediaOf(given).map(([type, media]) => [type, described(media, sent[`${id}.${type}`], components)])
  // Hono asks for JSON wherever a body is required, so a route that takes a form as well does not say so.
  return { ...given, required: true, content: Object.fromEntries(content) }
}

function mediaOf(given: Body | undefined): [string, Media][] {
  return Object.entries((given?.content ?? {}) as Record<string, Media>)
}

function answer(given: Answer, id: string, status: string, told: Components, components: Components): object {
  if ('$ref' in given || !given.content) return given
  const content = Object.entries(given.content).map(([type, media]) => [
    type,
    described(media, told[`${id}.${status}.${type}`], components),
  ])
  return { ...given, content: Object.fromEntries(content) }
}

function described(media: Media, schema: JsonSchema | undefined, components: Components): Media {
  if (!schema) return media
  const isShown = media.examples !== undefined || media.example !== undefined
  return { ...media, schema, ...(!isShown && { example: exampleOf(schema, components) }) }
}
