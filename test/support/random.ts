// Chance that can be repeated.
export type Random = () => number

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
/** A whole number from 0 to `max`, both included. */
export const upTo = (random: Random, max: number) => Math.floor(random() * (max + 1))
/** Another source for somebody else, so that what one does changes nothing for the other. */
export const fork = (random: Random) => randomOf(upTo(random, 1_000_000_000))
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[upTo(random, items.length - 1)]
  if (item === undefined) throw new Error('there is nothing to choose from')
  return item
}
