// Many sockets in a process of their own, told what to do by the one that measures (crew.ts).
import { setTimeout as delay } from 'node:timers/promises'
import { forEachAtOnce } from './at-once.js'
import { type Back, Returner } from './returner.js'
import { type Latencies, Samples, summarize } from './samples.js'

const OPENED_AT_ONCE = 50
const LOOK_MS = 20

export type Returned = {
  /** When the last was back, on the wall clock. */
  last_at: number
  took: Latencies
  resumed: number
  resynced: number
  events: number
  limited: number
}

export class Returners {
  readonly #all: Returner[] = []
  readonly #troubles: string[] = []
  #backs = new Map<Returner, Back>()
  #heard = new Samples()
  #signal: Promise<void> | undefined
  #give: () => void = () => undefined

  /** Resolves once all have heard `hello`. */
  async open(url: string, tokens: readonly string[]): Promise<void> {
    await forEachAtOnce(OPENED_AT_ONCE, tokens, async (token) => {
      const one: Returner = new Returner({
        url,
        token,
        signal: () => this.#signal,
        onSaid: (took_ms) => {
          if (!Number.isNaN(took_ms)) this.#heard.add(took_ms)
        },
        onBack: (back) => this.#backs.set(one, back),
        onTrouble: (what) => this.#troubles.push(what),
      })
      this.#all.push(one)
      await one.open()
    })
  }

  /** Resolves once each of them is live and has a checkpoint to come back to. */
  async settled(): Promise<void> {
    await this.#until(() => this.#all.every((one) => one.hasPlace && one.isLive), 60_000, 'a place in the log')
  }

  /** From now on returns are counted; to `url`, and with `all_at_once` not before go(). */
  async expect(url: string, all_at_once: boolean): Promise<void> {
    for (const one of this.#all) one.url = url
    this.#backs = new Map()
    this.#signal = undefined
    if (all_at_once) {
      this.#signal = new Promise((resolve) => {
        this.#give = resolve
      })
    }
  }

  async go(): Promise<void> {
    this.#give()
    this.#signal = undefined
  }

  /** Resolves once everybody is back. */
  async returned(): Promise<Returned> {
    const isComplete = () => this.#backs.size === this.#all.length
    await this.#until(isComplete, 300_000, 'all to be back').catch((error) => {
      throw new Error(`${error.message}: ${this.#backs.size} of ${this.#all.length} are`)
    })
    const backs = [...this.#backs.values()]
    const took = new Samples()
    for (const back of backs) took.add(back.took_ms)
    const sum = (count: (back: Back) => number) => backs.reduce((total, back) => total + count(back), 0)
    return {
      last_at: Math.max(...backs.map(({ at }) => at)),
      took: summarize(took),
      resumed: sum(({ how }) => Number(how === 'resumed')),
      resynced: sum(({ how }) => Number(how === 'resync')),
      events: sum(({ count }) => count),
      limited: sum(({ limited }) => limited),
    }
  }

  /** What was heard from now on is measured. */
  async listen(): Promise<void> {
    this.#heard = new Samples()
  }

  /** From said to heard, since listen(). */
  async heard(): Promise<Latencies> {
    return summarize(this.#heard)
  }

  async pause(): Promise<void> {
    for (const one of this.#all) one.pause()
  }

  async unpause(): Promise<void> {
    for (const one of this.#all) one.unpause()
  }

  async cut(): Promise<void> {
    for (const one of this.#all) one.cut()
  }

  /** Waits until each has heard its streams to the end (`ends[i]` of socket i), and counts what it never heard. */
  async check(
    ends: readonly Record<string, number>[],
  ): Promise<{ missed: number; repeated: number; troubles: string[] }> {
    const hasAll = (one: Returner, index: number) =>
      Object.entries(ends[index] ?? {}).every(([stream, seq]) => one.lastOf(stream) === seq)
    const troubles = [...this.#troubles]
    await this.#until(() => this.#all.every(hasAll), 30_000, 'the last events').catch((error) =>
      troubles.push(`${error.message}: ${this.#all.filter((one, index) => !hasAll(one, index)).length} sockets`),
    )
    const sum = (count: (one: Returner) => number) => this.#all.reduce((total, one) => total + count(one), 0)
    return { missed: sum(({ missed }) => missed), repeated: sum(({ repeated }) => repeated), troubles }
  }

  async close(): Promise<void> {
    for (const one of this.#all.splice(0)) one.end()
  }

  async #until(isSo: () => boolean, within_ms: number, what: string): Promise<void> {
    const deadline = performance.now() + within_ms
    while (!isSo()) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
      await delay(LOOK_MS)
    }
  }
}
