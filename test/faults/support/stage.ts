// One PostgreSQL, some nodes that reach it through a proxy each, and people on them. Whatever is started here ends with it.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { onTestFinished } from 'vitest'
import type { Conversation } from '../../../src/contract/conversations.js'
import { Person } from '../../support/person.js'
import type { Sql } from '../../support/returner.js'
import { TcpProxy } from '../../support/tcp-proxy.js'
import { PASSWORD } from '../../support/world.js'
import { NodeProcess } from './node-process.js'
import { PostgresServer } from './postgres-server.js'

/** Shorter waits than its users have, so that what must end by a time-out ends within the test. */
export const SETTINGS: Record<string, string> = {
  DATABASE_STATEMENT_TIMEOUT: '4s',
  DATABASE_CONNECT_TIMEOUT: '2s',
  DATABASE_POOL_MAX: '10',
  JOBS: '0',
  WS_DRAIN: '1s',
  NODE_LEASE: '6s',
  PRESENCE_GRACE: '1s',
}
/** Nobody waits longer than this for an answer: a statement, its network, and a wait for a connection. */
export const ANSWER_MS = 15_000
const PATIENCE_MS = 90_000

export type StageOptions = {
  nodes?: number
  settings?: Record<string, string>
  postgres?: Record<string, string>
  /** Instead of a fresh one with those settings; not started yet. */
  server?: PostgresServer
  /** Of one node, by its place. */
  each?: (index: number) => { settings?: Record<string, string | undefined>; flags?: string[] }
}

export type Line = { proxy: TcpProxy; url: string }

export class Stage {
  /** The one that is written to now. */
  postgres: PostgresServer
  readonly nodes: NodeProcess[] = []
  /** The way of each node to PostgreSQL. */
  readonly proxies: TcpProxy[] = []
  readonly people: Person[] = []
  /** What each node had open before anybody came. */
  readonly descriptors = new Map<NodeProcess, number>()
  readonly #servers: PostgresServer[] = []

  private constructor(postgres: PostgresServer) {
    this.postgres = postgres
    this.#servers.push(postgres)
  }

  static async open({ nodes = 2, settings, postgres, server, each }: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(server ?? (await PostgresServer.create(postgres)))
    onTestFinished(() => stage.close())
    await stage.postgres.start()
    for (let index = 0; index < nodes; index++) {
      const own = each?.(index)
      await stage.add({ ...settings, ...own?.settings }, own?.flags)
    }
    await Promise.all(stage.nodes.map((node) => stage.start(node)))
    return stage
  }

  /** One more node, which is not started yet. */
  async add(settings: Record<string, string | undefined> = {}, flags?: string[]): Promise<NodeProcess> {
    const proxy = await TcpProxy.open(this.postgres.url)
    this.proxies.push(proxy)
    const all = { ...SETTINGS, UPLOADS_DIR: `${this.postgres.folder}-uploads`, ...settings }
    const node = await NodeProcess.create({ ...all, DATABASE_URL: proxy.through(this.postgres.url) }, flags)
    this.nodes.push(node)
    return node
  }

  /** Again, after it has ended. */
  async start(node: NodeProcess): Promise<void> {
    await node.start()
    this.descriptors.set(node, await node.descriptors())
  }

  /** Between a client and this node, for as long as the test takes; `url` leads through it. */
  async line(node = this.node(0)): Promise<Line> {
    const proxy = await TcpProxy.open(node.url)
    onTestFinished(() => proxy.close())
    return { proxy, url: new URL(proxy.through(node.url)).origin }
  }

  get urls(): string[] {
    return this.nodes.map((node) => node.url)
  }
  node(index: number): NodeProcess {
    const node = this.nodes[index]
    if (!node) throw new Error(`there is no node ${index}`)
    return node
  }
  proxy(index: number): TcpProxy {
    const proxy = this.proxies[index]
    if (!proxy) throw new Error(`there is no proxy ${index}`)
    return proxy
  }

  /** Signs somebody up, also while others keep the node busy; their reads are patient. */
  async person(name: string, node = this.node(this.people.length % this.nodes.length)): Promise<Person> {
    const person = await patiently(() => Person.register(node.url, name, PASSWORD))
    person.patience = { urls: this.urls, ms: PATIENCE_MS }
    this.people.push(person)
    return person
  }

  group(owner: Person, ...others: Person[]): Promise<Conversation> {
    const user_ids = others.map((other) => other.id)
    const group = { type: 'group', name: `group ${crypto.randomUUID()}`, user_ids }
    return patiently(() => owner.post('/conversations', group))
  }

  /** Asks whichever server is written to now, and again while it does not answer. */
  get sql(): Sql {
    return {
      query: async (text, values) => {
        const deadline = Date.now() + PATIENCE_MS
        for (;;) {
          try {
            return { rows: await this.postgres.query(text, values) }
          } catch (error) {
            // What is wrong with the question stays wrong.
            const isFinal = error instanceof DatabaseError && /^[24]/.test(error.code ?? '')
            if (isFinal || Date.now() > deadline) throw error
            await delay(50)
          }
        }
      },
    }
  }

  /** Another server takes over: what is open is cut, and leads there from now on. */
  failOverTo(server: PostgresServer): void {
    this.postgres = server
    this.own(server)
    for (const proxy of this.proxies) {
      proxy.leadTo(server.url)
      proxy.cut()
    }
  }

  /** It goes with the stage. */
  own(server: PostgresServer): void {
    if (!this.#servers.includes(server)) this.#servers.push(server)
  }

  /** Resolves once every node that runs says that it can serve. */
  async healthy(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    for (const node of this.nodes) {
      if (!node.isRunning) continue
      for (;;) {
        const report = await node.health().catch((error: Error) => ({ status: error.message }))
        if (report.status === 'up') break
        if (Date.now() > deadline) throw new Error(`${node.url} is ${JSON.stringify(report)}`)
        await delay(50)
      }
    }
  }

  async close(): Promise<void> {
    for (const person of this.people) person.disconnect()
    await Promise.all(this.nodes.map((node) => node.kill()))
    for (const proxy of this.proxies) proxy.close()
    for (const server of this.#servers) await server.remove()
  }
}

/** Again while it is asked to come again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('503 ') || Date.now() > deadline) throw error
      await delay(50)
    }
  }
}
