// Who listens while something goes wrong: clients that come back by their tokens, and people whom none of it concerns.
import { expect } from 'vitest'
import type { Random } from '../../support/random.js'
import { fork } from '../../support/random.js'
import { Returner } from '../../support/returner.js'
import type { Histories, Listener } from './auditor.js'
import type { Stage } from './stage.js'
import { Workload, type WorkloadOptions } from './workload.js'

const PATIENCE_MS = 60_000

export type Company = {
  workload: Workload
  /** In every room; the last is in and out of them. */
  listeners: Listener[]
  outsiders: NonNullable<Histories['outsiders']>
  /** No more is written, everything is answered for, and the listeners are about to come once more. */
  end: () => Promise<void>
}

/**
 * `listening` people who hear everything, one who comes and goes, one outsider, and the writers, who have begun. `listeners`
 * are in every room too, and `wanderers` now and then, but where they listen is for the test.
 */
export async function gather(
  stage: Stage,
  random: Random,
  options: WorkloadOptions & { listening?: number; urls?: readonly string[] } = {},
): Promise<Company> {
  const count = options.listening ?? 2
  const names = Array.from({ length: count }, (_, n) => `listener${n}`)
  const [wanderer, outsider, ...people] = await Promise.all(
    ['wanderer', 'outsider', ...names].map((name, n) => stage.person(name, stage.node(n % stage.nodes.length))),
  )
  if (!wanderer || !outsider) throw new Error('nobody came')
  const workload = await Workload.gather(stage, fork(random), {
    ...options,
    listeners: [...people, ...(options.listeners ?? [])],
    wanderers: [wanderer, ...(options.wanderers ?? [])],
  })
  const listeners = await Promise.all(
    [...people, wanderer].map(async (person, n) => {
      // Each begins at another node.
      const all = options.urls ?? stage.urls
      const urls = all.map((_, index) => all[(index + n) % all.length] ?? '')
      const own = { person, urls, psql: stage.sql, random: fork(random), batch: n % 2 === 1 }
      return { person, client: await Returner.begin(own) }
    }),
  )
  const ear = await outsider.connect()
  const following = listeners.map(({ client }) => client.follow())
  for (const one of following) one.catch(() => undefined)
  workload.begin()
  return {
    workload,
    listeners,
    outsiders: [{ person: outsider, ear }],
    end: async () => {
      await workload.end()
      await stage.healthy()
      for (const { client } of listeners) client.leave()
      await Promise.all(following)
    },
  }
}

/** How often each listener was sent to load everything afresh. */
export const resyncs = ({ listeners }: Company) => listeners.map(({ client }) => client.did.resync)

/** Each has been told since `before` that the database has another history, and so have those who only listen. */
export async function allLoadAfresh({ listeners, outsiders }: Company, before: readonly number[]): Promise<void> {
  for (const [n, { client }] of listeners.entries())
    await expect.poll(() => client.did.resync, { timeout: PATIENCE_MS }).toBeGreaterThan(before[n] ?? 0)
  for (const { ear } of outsiders) await ear.seen(({ type, data }) => type === 'resync' && data.reason === 'epoch')
}
