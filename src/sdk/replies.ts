// Commands of one socket that wait for their replies.
import { EarshotError } from './call.js'
import { failure, unexpected } from './failure.js'
import { isObject, type Loose } from './shapes.js'

const WAITING_MAX = 200
const PATIENCE_MS = 30_000

type Waiting = { resolve: (data: unknown) => void; reject: (error: EarshotError) => void; until: number }

export class Replies {
  readonly #waiting = new Map<string, Waiting>()
  #count = 0

  /** @throws EarshotError if too many wait already */
  expect(now: number): { id: string; reply: Promise<unknown> } {
    if (this.#waiting.size >= WAITING_MAX) throw unanswered('Too many commands wait for their replies')
    const id = `c${++this.#count}`
    const reply = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, until: now + PATIENCE_MS })
    })
    // Whoever sends it may fail before anybody waits.
    reply.catch(() => undefined)
    return { id, reply }
  }

  /** @returns false for a reply that nobody waits for */
  settle({ id, ok, data, error }: Loose): boolean {
    const waiting = this.#waiting.get(id as string)
    if (!waiting) return false
    this.#waiting.delete(id as string)
    if (ok === true) waiting.resolve(data)
    else waiting.reject(refusal(ok === false ? error : undefined))
    return true
  }

  /** Those that have waited too long will not be answered any more. */
  expire(now: number): void {
    for (const [id, { until, reject }] of this.#waiting) {
      if (now < until) continue
      this.#waiting.delete(id)
      reject(unanswered('There was no reply'))
    }
  }

  /** Whether they were done is not known. */
  failAll(): void {
    for (const { reject } of this.#waiting.values()) reject(unanswered('The socket was closed before the reply'))
    this.#waiting.clear()
  }
}

export function unanswered(detail: string): EarshotError {
  return failure('network', detail)
}

function refusal(error: unknown): EarshotError {
  if (!isObject(error) || typeof error.code !== 'string') return unexpected()
  const { code, detail, errors, retry_after } = error
  return new EarshotError({
    status: 0,
    code,
    detail: typeof detail === 'string' ? detail : '',
    ...(Array.isArray(errors) && { errors }),
    ...(typeof retry_after === 'number' && { retry_after_s: retry_after }),
  })
}
