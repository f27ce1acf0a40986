// A client whose socket is cut two hundred times while fifty others write holds at the end what a fresh load shows, and has
// heard each event of its stays once, in order, and nothing else. SEED sets the seed; LONG=1 tries ten instead of two.
import { expect, test } from 'vitest'
import { Replica } from '../support/replica.js'
import { startWorld } from '../support/world.js'
import { Crowd } from './cuts-crowd.js'
import { Returner, randomOf, upTo, type Visit } from './cuts-model.js'

const CUTS = Number(process.env.CUTS ?? 200)
const WRITERS = 50
const SEEDS = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: process.env.LONG ? 10 : 2 }, () => Math.floor(Math.random() * 1_000_000))

test.each(SEEDS)(
  'after 200 cuts nothing is missing, nothing is too much (SEED=%s)',
  async (seed) => {
    const random = randomOf(seed)
    const settings = {
      ...(random() < 0.5 && { EVENT_CACHE: '1kB' }),
      ...(random() < 0.5 && { WS_QUEUE_FRAMES: '16', WS_QUEUE_BYTES: '65536' }),
    }
    const batch = random() < 0.5
    const t0 = Date.now()
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
    console.log('ready after', Date.now() - t0)
    const urls = [world.node.url, other.url]
    const client = await Returner.begin({ person: watched, urls, psql, random, batch })

    const running = crowd.run(device)
    const t1 = Date.now()
    const times: string[] = []
    try {
      for (let cut = 0; cut < CUTS; ) {
        const chance = random()
        const kind: Visit =
          chance < 0.15
            ? 'hello'
            : chance < 0.45
              ? 'resumed'
              : chance < 0.85
                ? 'news'
                : chance < 0.92
                  ? 'behind'
                  : 'poll'
        const v0 = Date.now()
        await client.visit(kind)
        times.push(`${kind}:${Date.now() - v0}`)
        if (kind !== 'poll') cut++
      }
    } finally {
      crowd.end()
      await running
    }
    const t2 = Date.now()
    const replica = await client.arrive()
    console.log(seed, settings, { batch }, 'storm', t2 - t1, 'writes', crowd.writes, client.did, times.join(' '))
    expect(crowd.failures).toEqual([])
    expect(replica.picture()).toEqual((await Replica.load(watched)).picture())
    await client.compareWithLog()
  },
  240_000,
)
