// What the server says has to be what its documents promise. Every answer and every frame that a test gets passes through
// here, and one that is not documented fails that test. Stricter than the documents: an unknown field is a failure too.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { buildAsyncApi } from '../../src/contract/asyncapi.js'
import { isErrorCode } from '../../src/contract/errors.js'
import type { Services } from '../../src/http/env.js'
import { createHttp, openApiOf } from '../../src/http/server.js'

export type Seen = { method: string; path: string; status: number; headers: Headers; body: unknown }

export type HeardFrame = { type?: string; ok?: boolean; error?: { code: string } }

type Schema = { [keyword: string]: unknown }
type Operation = { operationId: string; requestBody?: Media; responses: Record<string, { $ref?: string } & Media> }
type Media = {
  headers?: object
  content?: Record<string, { schema?: Schema; example?: unknown; examples?: Record<string, unknown> }>
}

export const openApi = openApiOf(createHttp({} as Services, { corsOrigins: [], trustedProxies: [] }))
export const asyncApi = buildAsyncApi()

const PROBLEM = 'application/problem+json'
/** For browsers; they have a test of their own. */
const PAGES =
  /^\/((docs|swagger|sign-in|sign-up|c|settings|admin|assets)(\/|$)|$|(sw\.js|manifest\.webmanifest|icon\.svg|icon-maskable\.svg|apple-touch-icon\.png)$)/

const ajv = new Ajv2020({ strict: false, allErrors: true })
ajvFormats.default(ajv)
ajv.addSchema({ $id: 'open', components: openApi.components })
ajv.addSchema({ $id: 'rest', components: closed(openApi.components) })
ajv.addSchema({ $id: 'socket', components: closed(asyncApi.components) })

/** `path` with its parameters -> a way to find it; those without parameters come first. */
const PATHS = Object.entries(openApi.paths)
  .map(([path, operations]) => ({
    path,
    operations: operations as unknown as Record<string, Operation>,
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  }))
  .sort((one, other) => one.path.split('{').length - other.path.split('{').length)

/** Types of frames that only a newer version would have, while a test makes them up: no document has them. */
export const newerTypes = new Set<string>()

/** Compiled once: by the pointer of what they validate. */
const validators = new Map<string, ValidateFunction>()

/** @throws Error when the OpenAPI document does not promise this answer */
export function checkAnswer(seen: Seen): void {
  const { method, status, headers, body } = seen
  const path = new URL(seen.path, 'http://localhost').pathname
  if (method === 'OPTIONS' || PAGES.test(path)) return
  const operation = operationOf(method, path)
  const fail = (why: string): never => {
    throw new Error(`${method} ${path} answered what is not documented: ${why}\n${status} ${JSON.stringify(body)}`)
  }
  if (!operation) {
    if (status < 400) fail('there is no such route')
    return requireValid('rest', '/components/schemas/Problem', body, fail)
  }
  const pointer = `/paths/${escaped(operation.path)}/${operation.method}/responses/${status}`
  const { place, found } = answerAt(operation.operation, String(status), pointer)
  if (!found) return fail(`${operation.operation.operationId} has no status ${status}`)
  for (const name of Object.keys(found.headers ?? {})) if (!headers.has(name)) fail(`${name} is missing`)
  if (method === 'HEAD' || status === 304) return
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  if (!found.content) return body === undefined ? undefined : fail('there should be no body')
  const media = found.content[type] ?? found.content['*/*']
  if (!media) return fail(`its type is ${type}`)
  if (!/json/.test(type)) return
  requireValid('rest', `${place}/content/${escaped(type)}/schema`, body, fail)
  const { code } = body as { code?: string }
  if (type === PROBLEM && !(code !== undefined && code in (media.examples ?? {}))) fail(`its code is ${code}`)
}

/** @param command whose reply it is, if that is known. @throws Error when the AsyncAPI document does not promise the frame */
export function checkFrame(frame: HeardFrame, command?: string): void {
  if (frame.type !== undefined && newerTypes.has(frame.type)) return
  const fail = (why: string): never => {
    throw new Error(`heard what is not documented: ${why}\n${JSON.stringify(frame)}`)
  }
  const names = Object.keys(asyncApi.components.messages).filter((name) => {
    if (frame.type !== 'reply') return name === frame.type
    if (!frame.ok) return name === 'reply.failed'
    return command === undefined ? name.startsWith('reply.') : name === `reply.${command}`
  })
  const faults = names.map((name) => faultOf('socket', `/components/messages/${escaped(name)}/payload`, frame))
  if (names.length === 0) fail('there is no such message')
  if (frame.error && !isErrorCode(frame.error.code)) fail(`no error has the code ${frame.error.code}`)
  if (!faults.includes(undefined)) fail(faults.join('; or '))
}

/** What is wrong with a value by the open schema at a pointer of the OpenAPI document; undefined if nothing is. */
export function findFault(schema: object, value: unknown): string | undefined {
  const validate = ajv.compile(located(schema, 'open'))
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}

export function operationOf(method: string, path: string) {
  const name = (method === 'HEAD' ? 'GET' : method).toLowerCase()
  const found = PATHS.find(({ pattern, operations }) => pattern.test(path) && operations[name])
  const operation = found?.operations[name]
  return found && operation && { path: found.path, method: name, operation }
}

function answerAt(operation: Operation, status: string, pointer: string): { place: string; found?: Media } {
  const found = operation.responses[status]
  if (!found?.$ref) return { place: pointer, found }
  const name = found.$ref.split('/').at(-1) ?? ''
  return { place: found.$ref.slice(1), found: (openApi.components.responses as Record<string, Media>)[name] }
}

function requireValid(
  document: 'rest' | 'socket',
  pointer: string,
  value: unknown,
  fail: (why: string) => never,
): void {
  const fault = faultOf(document, pointer, value)
  if (fault !== undefined) fail(fault)
}

function faultOf(document: 'rest' | 'socket', pointer: string, value: unknown): string | undefined {
  const key = `${document}${pointer}`
  let validate = validators.get(key)
  if (!validate) {
    validate = ajv.compile(located(closed(at(document === 'rest' ? openApi : asyncApi, pointer)), document))
    validators.set(key, validate)
  }
  return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'it' })
}

/** Objects that do not say what else they may hold hold nothing else. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  if (inner.type === 'object' && inner.properties && inner.additionalProperties === undefined)
    inner.additionalProperties = false
  return inner as T
}

/** Its references lead into the document of that name. */
function located<T>(schema: T, document: string): T {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${document}#/`))
}

function at(document: unknown, pointer: string): object {
  let value = document as Record<string, unknown>
  for (const part of pointer.split('/').slice(1)) {
    value = value[part.replaceAll('~1', '/').replaceAll('~0', '~')] as Record<string, unknown>
  }
  return value
}

function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1')
}
