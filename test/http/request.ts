// Requests that no well-behaved client makes: any path from the root on, any bytes, any header.
import { request as httpRequest } from 'node:http'
import type { Person } from '../support/person.js'

// biome-ignore lint/suspicious/noExplicitAny: what a route answers is for the test to assert
export type Reply = { status: number; headers: Headers; text: string; body: any }
export type Input = { body?: unknown; headers?: Record<string, string>; as?: Person }

/** `path` is from the root. A string or bytes as `body` are sent as they are, anything else as JSON. */
export async function request(
  url: string,
  method: string,
  path: string,
  { body, headers, as }: Input = {},
): Promise<Reply> {
  const raw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(as && { authorization: `Bearer ${as.token}` }),
      ...headers,
    },
    body: raw ? Buffer.from(body) : body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** The same with a body of any size, in chunks, for fetch gives up when an answer comes before it has sent everything. */
export function upload(
  url: string,
  method: string,
  path: string,
  bytes: Buffer,
  headers: Record<string, string>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(url + path, { method, headers }, async (answer) => {
      let text = ''
      for await (const chunk of answer) text += chunk
      resolve({
        status: answer.statusCode ?? 0,
        headers: new Headers(answer.headers as Record<string, string>),
        text,
        body: JSON.parse(text),
      })
    })
    call.on('error', reject)
    call.end(bytes)
  })
}

/** What an answer comes down to: `201`, or `404 user.not_found`. */
export async function outcome(answer: Promise<{ status: number; body: unknown }>): Promise<string> {
  const { status, body } = await answer
  return status >= 400 ? `${status} ${(body as { code?: string } | undefined)?.code}` : String(status)
}

/** The outcomes of what runs at the same time, sorted. */
export async function outcomes(answers: Promise<{ status: number; body: unknown }>[]): Promise<string[]> {
  return (await Promise.all(answers.map(outcome))).sort()
}
