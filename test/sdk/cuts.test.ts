// The SDK where everything goes wrong at once: its sockets are cut again and again while fifty others write, it is stopped and
// made anew from its storage, and in the end it holds what a client loads that knows nothing. SEED sets the seed; LONG=1 tries
// ten, with two hundred cuts each.
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Earshot } from '../../src/sdk/client.js'
import { REAL_CLOCK } from '../../src/sdk/clock.js'
import { Crowd } from '../realtime/cuts-crowd.js'
import { randomOf, upTo } from '../support/random.js'
import { PASSWORD, startWorld } from '../support/world.js'
import { Apps, expectConverged } from './support/app.js'
import { TestStorage } from './support/stage.js'
import { until } from './support/until.js'

const CUTS = process.env.LONG ? 200 : 40
const WRITERS = 50
const SEEDS = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: process.env.LONG ? 10 : 1 }, () => Math.floor(Math.random() * 1_000_000))

test.each(SEEDS)(
  'however often it is cut off, a client holds what a fresh one loads, and has shown nothing twice (SEED=%s)',
  async (seed) => {
    const random = randomOf(seed)
    await using world = await startWorld(random() < 0.5 ? { EVENT_CACHE: '1kB' } : {})
    using apps = new Apps()
    const watched = await world.person('watched')
    const device = await world.device(watched)
    const people = await Promise.all(Array.from({ length: WRITERS }, (_, n) => world.person(`writer${n}`)))
    const crowd = new Crowd(watched, await world.session(), randomOf(upTo(random, 1_000_000_000)))
    await crowd.gather(world, people)

    const sockets: WebSocket[] = []
    class Socket extends WebSocket {
      constructor(url: string) {
        super(url)
        sockets.push(this)
      }
    }
    const storage = new TestStorage()
    // It comes back at once, so that there is time for all the cuts.
    const make = () =>
      new Earshot({ url: world.node.url, WebSocket: Socket, storage }, { ...REAL_CLOCK, random: () => 0 })
    let client = make()
    await client.signIn({ login: 'watched', password: PASSWORD })
    const running = crowd.run(device)
    try {
      await client.start()
      for (let cuts = 0; cuts < CUTS; cuts++) {
        const dialled = sockets.length
        const news = upTo(random, 3)
        let heard = 0
        const off = client.on('event', () => void heard++)
        // Sometimes before it is live, sometimes after some events.
        if (random() < 0.7) await until(() => client.status === 'live')
        // Where it is a member of nothing, it hears nothing.
        const enough = performance.now() + 300
        await until(() => heard >= news || client.status !== 'live' || performance.now() > enough)
        off()
        if (random() < 0.1) {
          // As a page that is closed: what is not in the storage is lost.
          client.stop()
          client = make()
          client.start().catch(() => undefined)
        } else sockets.at(-1)?.terminate()
        await until(() => sockets.length > dialled)
      }
    } finally {
      crowd.end()
      await running
    }
    await until(() => client.status === 'live')
    expect(crowd.failures).toEqual([])
    await expectConverged(apps, watched, client, `seed ${seed}`)
    for (const { id } of client.conversations) {
      const timeline = await client.open(id)
      const { data } = await watched.get(`/conversations/${id}/messages?limit=50`)
      expect(timeline.messages.slice(-data.length)).toEqual(data)
      expect(new Set(timeline.messages.map((message) => message.client_id ?? message)).size).toBe(
        timeline.messages.length,
      )
    }
    client.stop()
  },
  240_000,
)
