// Requests over HTTP as fast as they are answered, each on a connection that is kept.
import { type Latencies, Samples, summarize } from '../lib/samples.js'
import { type Adapter, type Ask, type Seat, writeMark } from './adapters/adapter.js'
import { HttpLine } from './http-line.js'

export type Asking = { what: 'post' | 'history'; at_once: number; seconds: number; bytes: number }
export type Asked = {
  seconds: number
  answered: number
  failed: number
  took: Latencies
  /** Of the first answer. */
  first_body: string
  /** Answers to the same question that were of another length than the first. */
  odd: number
  troubles: string[]
}

export async function askAll(adapter: Adapter, seats: readonly Seat[], asking: Asking): Promise<Asked> {
  const { at_once, seconds } = asking
  const took = new Samples()
  const troubles = new Set<string>()
  let answered = 0
  let failed = 0
  let odd = 0
  let first: Buffer | undefined
  let turn = 0
  const lines = await Promise.all(
    Array.from({ length: at_once }, (_, index) => HttpLine.open((seats[index % seats.length] as Seat).url)),
  )
  const began = performance.now()
  const end = began + seconds * 1_000
  const work = async (line: HttpLine) => {
    for (let now = began; now < end; now = performance.now()) {
      const { status, body } = await line.ask(makeAsk(adapter, seats, asking, turn++))
      if (status >= 300) {
        failed++
        troubles.add(`${status} ${body.toString().slice(0, 200)}`)
        continue
      }
      took.add(performance.now() - now)
      answered++
      first ??= body
      if (asking.what === 'history' && body.length !== first.length) odd++
    }
  }
  try {
    await Promise.all(lines.map(work))
  } finally {
    for (const line of lines) line.close()
  }
  return {
    seconds: (performance.now() - began) / 1_000,
    answered,
    failed,
    took: summarize(took),
    first_body: first?.toString() ?? '',
    odd,
    troubles: [...troubles].slice(0, 5),
  }
}

/** Everybody in turn, each in their first conversation. */
function makeAsk(adapter: Adapter, seats: readonly Seat[], { what, bytes }: Asking, turn: number): Ask {
  const seat = seats[turn % seats.length] as Seat
  const conversation = seat.conversations[0] ?? ''
  const ask =
    what === 'post' ? adapter.post?.(seat, conversation, writeMark(turn, bytes)) : adapter.history?.(seat, conversation)
  if (!ask) throw new Error(`this server is not asked for ${what}`)
  return ask
}
