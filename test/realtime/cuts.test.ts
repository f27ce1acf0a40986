// A client whose socket is cut two hundred times while fifty others write holds at the end what a fresh load shows, and has
// heard each event of its stays once, in order, and nothing else. SEED sets the seed; LONG=1 tries ten instead of two.
import { expect, test } from 'vitest'
import { type Random, randomOf, upTo } from '../support/random.js'
import { Replica } from '../support/replica.js'
import { Returner, type Visit } from '../support/returner.js'
import { startWorld } from '../support/world.js'
import { Crowd } from './cuts-crowd.js'

const CUTS = 200
const WRITERS = 50
const WRITES_EACH = 15
const SEEDS = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: process.env.LONG ? 10 : 2 }, () => Math.floor(Math.random() * 1_000_000))

function visitOf(random: Random): Visit {
  const chance = random()
  if (chance < 0.15) return 'hello'
  if (chance < 0.45) return 'resumed'
  if (chance < 0.85) return 'news'
  return chance < 0.93 ? 'behind' : 'poll'
}

test.each(SEEDS)(
  'after 200 cuts nothing is missing and nothing is too much (SEED=%s)',
  async (seed) => {
    const random = randomOf(seed)
    const settings = {
      ...(random() < 0.5 && { EVENT_CACHE: '1kB' }),
      ...(random() < 0.5 && { WS_QUEUE_FRAMES: '16', WS_QUEUE_BYTES: '65536' }),
    }
    const batch = random() < 0.5
    await using world = await startWorld(settings)
    const other = await world.addNode()
    const [psql, foreign] = [await world.session(), await world.session()]
    const watched = await world.person('watched')
    const device = await world.device(watched, other)
    const people = await Promise.all(
      Array.from({ length: WRITERS }, (_, n) => world.person(`writer${n}`, n % 2 === 0 ? world.node : other)),
    )
    const crowd = new Crowd(watched, foreign, randomOf(upTo(random, 1_000_000_000)))
    await crowd.gather(world, people)
    const urls = [world.node.url, other.url]
    const client = await Returner.begin({ person: watched, urls, psql, random, batch })

    const running = crowd.run(device)
    running.catch(() => undefined)
    try {
      for (let cuts = 0; cuts < CUTS; ) {
        const visit = visitOf(random)
        crowd.allow(WRITES_EACH)
        await client.visit(visit)
        if (visit !== 'poll') cuts++
        // Now and then it misses too much.
        if (random() < 0.03) await crowd.burst(psql)
      }
    } finally {
      crowd.end()
      await running
    }
    const replica = await client.arrive()
    expect(crowd.failures).toEqual([])
    expect(replica.picture()).toEqual((await Replica.load(watched)).picture())
    await client.compareWithLog()
    expect(client.did).toMatchObject({ resumed: expect.toSatisfy((count) => count > CUTS / 2) })
  },
  240_000,
)
