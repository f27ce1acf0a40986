// A scripted server with clients whose time is in the hands of the test.
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { type ClientOptions, Earshot, EarshotError, type Storage } from '../../../src/sdk/client.js'
import { ManualClock } from './manual-clock.js'
import { ID, ScriptedServer, type ScriptedSocket } from './scripted-server.js'
import { until } from './until.js'

export type Actor = {
  earshot: Earshot
  /** Codes of what went wrong, in order. */
  errors: unknown[]
  statuses: string[]
}

export class Stage {
  readonly server: ScriptedServer
  readonly clock = new ManualClock()
  readonly #clients: Earshot[] = []

  private constructor(server: ScriptedServer) {
    this.server = server
  }

  static async set(): Promise<Stage> {
    return new Stage(await ScriptedServer.start())
  }

  client(options: Partial<ClientOptions> = {}): Actor {
    const earshot = new Earshot({ url: this.server.url, WebSocket, ...options }, this.clock)
    this.#clients.push(earshot)
    const actor: Actor = { earshot, errors: [], statuses: [] }
    earshot.on('error', (error) => actor.errors.push(error instanceof EarshotError ? error.code : error))
    earshot.on('status', (status) => actor.statuses.push(status))
    return actor
  }

  /** One that is signed in and live, and its socket. */
  async live(options: Partial<ClientOptions> = {}): Promise<Actor & { socket: ScriptedSocket }> {
    const actor = this.client(options)
    await actor.earshot.signIn({ login: 'alice', password: 'correct horse' })
    await actor.earshot.start()
    return { ...actor, socket: this.server.sockets.at(-1)! }
  }

  /** Lets time pass in steps until the client is live again. */
  async revive(earshot: Earshot, step_ms = 1_000): Promise<ScriptedSocket> {
    for (let step = 0; step < 200 && earshot.status !== 'live'; step++) {
      this.clock.pass(step_ms)
      for (let turn = 0; turn < 30; turn++) await new Promise((r) => setImmediate(r))
    }
    await until(() => earshot.status === 'live', 'live again')
    return this.server.sockets.at(-1)!
  }

  /** Time passes while nothing happens but heartbeats. */
  async rest({ earshot }: Pick<Actor, 'earshot'>, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5_000) {
      this.clock.pass(Math.min(left, 5_000))
      await earshot.command('ping')
    }
  }

  /** A client that knows nothing loads everything: what another one should hold. */
  async fresh(): Promise<unknown> {
    const { earshot } = await this.live()
    const picture = pictureOf(earshot)
    earshot.stop()
    return picture
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.stop()
    await this.server.stop()
    // Whatever was on its way has ended with the server.
    await until(() => this.clock.waits.length === 0, `no timer is left: ${this.clock.waits}`)
  }
}

export function pictureOf(earshot: Earshot): unknown {
  return structuredClone({ me: earshot.me, conversations: earshot.conversations })
}

/** It hears the next message, within the time that a gap before it may take. */
export async function expectAlive(stage: Stage, { earshot }: Pick<Actor, 'earshot'>, id = ID.home): Promise<void> {
  const socket = await stage.revive(earshot)
  const event = stage.server.add(id, { content: crypto.randomUUID() })
  socket.say(event)
  const isHeard = () => earshot.conversation(id)?.last_message?.content === event.data.content
  for (let step = 0; step < 30 && !isHeard(); step++) {
    await earshot.command('ping').catch(() => undefined)
    stage.clock.pass(100)
  }
  await until(isHeard, `hears the next message; ${earshot.status}, ${JSON.stringify(earshot.conversation(id))}`)
  expect(earshot.conversation(id)).toMatchObject({ message_number: event.data.number, seq: event.seq })
}

/** Keeps like memoryStorage(), and can be copied at any moment, or fail. */
export class TestStorage implements Storage {
  kept = new Map<string, unknown>()
  saves = 0
  fails = false

  async load(): Promise<Map<string, unknown>> {
    return structuredClone(this.kept)
  }

  async save(changes: ReadonlyMap<string, unknown>): Promise<void> {
    if (this.fails) throw new Error('the disk is full')
    this.saves++
    for (const [name, value] of structuredClone(changes)) {
      if (value === undefined) this.kept.delete(name)
      else this.kept.set(name, value)
    }
  }

  /** As a process finds it that starts now. */
  copy(): TestStorage {
    const copy = new TestStorage()
    copy.kept = structuredClone(this.kept)
    return copy
  }
}
