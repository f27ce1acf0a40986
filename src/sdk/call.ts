// One typed call for every route: the path, the query and the body go out as the server reads them, and whatever goes wrong
// comes back as one kind of error.
import type { OpenRoute, Routes } from './routes.js'
import type { ErrorCode, Problem } from './types.js'

export type Route = keyof Routes
export type Answer<R extends Route> = Routes[R]['answer']
/** What a route takes, and a signal to give up by. A file has the type of its Blob. */
export type Input<R extends Route> = Omit<Routes[R], 'answer'> & { signal?: AbortSignal | undefined }
/** Left out where a route needs nothing. */
export type InputOf<R extends Route> = object extends Omit<Routes[R], 'answer'> ? [input?: Input<R>] : [input: Input<R>]

/** @throws EarshotError */
export type Call = <R extends Route>(route: R, ...input: InputOf<R>) => Promise<Answer<R>>

export type CallOptions = {
  /** Of the server: its origin, with the path below which it stands if there is one. */
  url: string
  fetch?: typeof fetch
  /** The access token of now; with `renew`, another one, for the server says that this one has expired. */
  token?: (options?: { renew: boolean }) => Promise<string | undefined>
}

/** What the server refused, or why it could not be asked. */
export type Refusal = {
  /** Of the answer; 0 if there was none. */
  status: number
  /** `network`: no answer; `aborted`: given up by the caller; `unexpected`: not an answer that Earshot gives. */
  code: ErrorCode | 'network' | 'aborted' | 'unexpected' | (string & {})
  detail: string
  /** Field by field, where the input was not what it should be. */
  errors?: Problem['errors'] | undefined
  /** After so many seconds a repeat may help. */
  retry_after_s?: number | undefined
  /** By which the operator finds it in the logs. */
  request_id?: string | undefined
}

export class EarshotError extends Error implements Refusal {
  override readonly name = 'EarshotError'
  readonly status: number
  readonly code: Refusal['code']
  readonly detail: string
  readonly errors: Refusal['errors']
  readonly retry_after_s: number | undefined
  readonly request_id: string | undefined

  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    super(`${refusal.code}: ${refusal.detail}`, options)
    this.status = refusal.status
    this.code = refusal.code
    this.detail = refusal.detail
    this.errors = refusal.errors
    this.retry_after_s = refusal.retry_after_s
    this.request_id = refusal.request_id
  }
}

type FileRoute = { [R in Route]: Answer<R> extends Response ? R : never }[Route]
type Loose = { path?: object; query?: object; body?: unknown; signal?: AbortSignal }

/** Asked without a token, for a token is what some of them are asked for. */
const OPEN: Record<OpenRoute, true> = {
  'POST /auth/register': true,
  'POST /auth/login': true,
  'POST /auth/refresh': true,
  'GET /avatars/{id}': true,
  'GET /avatars/default/{id}': true,
  'GET /openapi.json': true,
  'GET /asyncapi.json': true,
}
/** Answered as they come, also where the file is JSON. */
const FILES: Record<FileRoute, true> = {
  'GET /attachments/{id}': true,
  'GET /avatars/{id}': true,
  'GET /avatars/default/{id}': true,
}

export function createCall({ url, fetch: send = (...args) => fetch(...args), token }: CallOptions): Call {
  const base = `${url.replace(/\/+$/, '')}/api/v1`

  async function call(route: Route, input: Loose = {}): Promise<unknown> {
    const [method = '', template = ''] = route.split(' ')
    const target = base + fill(template, input.path) + search(input.query)
    const ask = (bearer?: string) => request(send, target, { ...input, method, bearer })
    const read = async (response: Response) => {
      if (!response.ok) throw await readRefusal(response, input.signal)
      return route in FILES ? response : readAnswer(response, input.signal)
    }
    if (route in OPEN || !token) return read(await ask())
    try {
      return await read(await ask(await token()))
    } catch (error) {
      if (!(error instanceof EarshotError) || error.code !== 'auth.token_expired') throw error
    }
    return read(await ask(await token({ renew: true })))
  }
  return call as Call
}

/** @throws EarshotError for a value that would change which route is asked */
function fill(template: string, path: object = {}): string {
  const values = path as Record<string, unknown>
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const text = String(values[name] ?? '')
    // No encoding keeps these from being resolved before they are sent.
    if (/^\.{0,2}$/.test(text))
      throw new EarshotError({ status: 0, code: 'request.invalid', detail: `${name} is missing in the path` })
    return encodeURIComponent(text)
  })
}

function search(query: object = {}): string {
  const values = new URLSearchParams()
  // An array goes as its values with commas between them.
  for (const [name, value] of Object.entries(query)) if (value !== undefined) values.set(name, String(value))
  const text = String(values)
  return text && `?${text}`
}

type Sent = { method: string; body?: unknown; bearer?: string; signal?: AbortSignal }

async function request(send: typeof fetch, target: string, sent: Sent): Promise<Response> {
  const { method, body, bearer, signal } = sent
  const type = typeOf(body)
  const isJson = type === 'application/json'
  try {
    return await send(target, {
      method,
      headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), ...(type && { 'content-type': type }) },
      ...(body !== undefined && { body: (isJson ? JSON.stringify(body) : body) as string }),
      ...(signal && { signal }),
    })
  } catch (cause) {
    throw unanswered(cause, signal)
  }
}

/** A form says itself what it is, for it has chosen its boundary; a Blob may know it. */
function typeOf(body: unknown): string | undefined {
  if (body === undefined || body instanceof FormData) return undefined
  return body instanceof Blob ? body.type : 'application/json'
}

async function readAnswer(response: Response, signal?: AbortSignal): Promise<unknown> {
  if (response.status === 204) return undefined
  const json = await readJson(response, signal)
  if (json === undefined) throw unexpected(response)
  return json
}

async function readRefusal(response: Response, signal?: AbortSignal): Promise<EarshotError> {
  const problem = (await readJson(response, signal)) as Partial<Problem> | null | undefined
  if (typeof problem?.code !== 'string') return unexpected(response)
  const { code, detail = '', errors, request_id } = problem
  return new EarshotError({ status: response.status, code, detail, errors, request_id, ...retryAfter(response) })
}

/** Nothing if it is no JSON: from somebody between here and the server. */
async function readJson(response: Response, signal?: AbortSignal): Promise<unknown> {
  const text = await response.text().catch((cause) => {
    throw unanswered(cause, signal)
  })
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unanswered(cause: unknown, signal?: AbortSignal): EarshotError {
  if (signal?.aborted)
    return new EarshotError({ status: 0, code: 'aborted', detail: 'The call was given up' }, { cause })
  return new EarshotError({ status: 0, code: 'network', detail: 'The server cannot be reached' }, { cause })
}

function unexpected(response: Response): EarshotError {
  const detail = 'This is not an answer of Earshot'
  return new EarshotError({ status: response.status, code: 'unexpected', detail, ...retryAfter(response) })
}

function retryAfter({ headers }: Response): { retry_after_s?: number } {
  const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10)
  return seconds >= 0 ? { retry_after_s: seconds } : {}
}
