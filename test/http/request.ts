// Requests that no well-behaved client makes: any path from the root on, any bytes, any header.
import { connect } from 'node:net'
import { checkAnswer } from '../support/conformance.js'
import type { Person } from '../support/person.js'

// biome-ignore lint/suspicious/noExplicitAny: what a route answers is for the test to assert
export type Reply = { status: number; headers: Headers; text: string; body: any }
export type Input = { body?: unknown; headers?: Record<string, string>; as?: Person }

/** `path` is from the root. A string, bytes or a form as `body` are sent as they are, anything else as JSON. */
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
      ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      ...(as && { authorization: `Bearer ${as.token}` }),
      ...headers,
    },
    body: raw ? Buffer.from(body) : body === undefined || body instanceof FormData ? body : JSON.stringify(body),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  const reply = {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text ? JSON.parse(text) : undefined,
  }
  checkAnswer({ method, path, ...reply, body: isJson ? reply.body : text || undefined })
  return reply
}

/** A body of any size over a bare connection, for fetch gives up when an answer comes before it has sent everything. */
export function upload(url: string, method: string, path: string, bytes: Buffer, headers: string[]): Promise<Reply> {
  const { hostname, port, host } = new URL(url)
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    // The server hangs up on who goes on sending: what counts is whether an answer came before.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      const [start = '', text = ''] = answer.split('\r\n\r\n')
      const [line = '', ...fields] = start.split('\r\n')
      const status = Number(line.split(' ')[1])
      if (!status) return reject(new Error(`the connection was closed without an answer: ${answer}`))
      const pairs = fields.map((field) => field.split(': ') as [string, string])
      const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)
      const reply = { status, headers: new Headers(pairs), text, body: JSON.parse(json) }
      try {
        checkAnswer({ method, path, ...reply })
        resolve(reply)
      } catch (error) {
        reject(error)
      }
    })
    socket.write(head)
    socket.write(bytes)
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
