// The real server on a database of its own, and people who use it over REST and sockets.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { type App, startApp } from '../../src/app.js'
import { readConfig } from '../../src/config.js'
import type { Conversation } from '../../src/contract/conversations.js'
import { createLogger, type Logger } from '../../src/observe.js'
import type { Pace } from '../../src/realtime/sweeper.js'
import { Person } from './person.js'
import { createDatabase, type TestDatabase } from './test-server.js'

/** Limits that stand in no test's way; the defaults have tests of their own. */
export const ROOMY = {
  PORT: '0',
  HOST: '127.0.0.1',
  NODE_ENV: 'test',
  LOG_LEVEL: process.env.TEST_LOG ?? 'silent',
  RATE_LIMIT_REGISTER: '10000/1m',
  RATE_LIMIT_LOGIN: '10000/1m',
  RATE_LIMIT_LOGIN_ACCOUNT: '10000/1m',
  RATE_LIMIT_SEARCH: '10000/1m',
  RATE_LIMIT_UPLOAD: '10000/1m',
  RATE_LIMIT_TICKET: '10000/1m',
  RATE_LIMIT_MESSAGE: '1000000/1m',
  WS_MAX_PER_USER: '10000',
  WS_MAX_PER_ADDRESS: '1000000',
  WS_CONNECTS: '1000000/1m',
  WS_COMMANDS: '1000000/1m',
  DATABASE_POOL_MAX: '8',
}
export const PASSWORD = 'correct horse battery'

type Settings = Record<string, string>

export class World {
  readonly database: TestDatabase
  readonly node: App
  /** Where its files are. */
  readonly uploads: string
  readonly #settings: Settings
  readonly #pace: Pace | undefined
  readonly #nodes: App[] = []
  readonly #people: Person[] = []
  readonly #sessions: pg.Client[] = []

  constructor(database: TestDatabase, node: App, uploads: string, settings: Settings, pace?: Pace) {
    this.database = database
    this.node = node
    this.uploads = uploads
    this.#settings = settings
    this.#pace = pace
    this.#nodes.push(node)
  }

  /** One more equal node on the same database. */
  async addNode(settings: Settings = {}, logger?: Logger): Promise<App> {
    const node = await startNode(this.database, { ...this.#settings, ...settings }, this.#pace, logger)
    this.#nodes.push(node)
    return node
  }

  /** Signs somebody up, on the first node unless another one is given. */
  async person(name: string, node: App = this.node): Promise<Person> {
    const person = await Person.register(node.url, name, PASSWORD)
    this.#people.push(person)
    return person
  }

  /** One more device of the same user. */
  async device(person: Person, node: App = this.node): Promise<Person> {
    const device = await Person.login(node.url, person.name, PASSWORD)
    this.#people.push(device)
    return device
  }

  async people<const N extends string[]>(...names: N): Promise<{ [K in keyof N]: Person }> {
    const people = await Promise.all(names.map((name) => this.person(name)))
    return people as { [K in keyof N]: Person }
  }

  /** A plain SQL session, as psql or another service has one. */
  async session(user?: { name: string; password: string }): Promise<pg.Client> {
    const url = new URL(this.database.url)
    if (user) Object.assign(url, { username: user.name, password: user.password })
    const session = new pg.Client(url.href)
    session.on('error', () => undefined)
    await session.connect()
    this.#sessions.push(session)
    return session
  }

  /** A group with the first as its owner. */
  async group(owner: Person, ...others: Person[]): Promise<Conversation> {
    return owner.post('/conversations', {
      type: 'group',
      name: `group ${crypto.randomUUID()}`,
      user_ids: others.map((other) => other.id),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const person of this.#people) person.disconnect()
    for (const session of this.#sessions) await session.end()
    for (const node of this.#nodes) await node.stop()
    await this.database.drop()
    await rm(this.uploads, { recursive: true, force: true })
  }
}

/** `pace`: another clock, for what expires. */
export async function startWorld(settings: Settings = {}, pace?: Pace): Promise<World> {
  const database = await createDatabase(inject('templateUrl'))
  const uploads = await mkdtemp(join(tmpdir(), 'earshot-uploads-'))
  const all = { UPLOADS_DIR: uploads, ...settings }
  return new World(database, await startNode(database, all, pace), uploads, all, pace)
}

/** One line of the metrics, by its name with its labels; 0 while it is not there. */
export async function readMetric(node: App, line: string): Promise<number> {
  const text = await (await fetch(`${node.url}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.slice(line.length + 1) ?? 0,
  )
}

function startNode(database: TestDatabase, settings: Settings, pace?: Pace, logger?: Logger): Promise<App> {
  const config = readConfig({ ...ROOMY, DATABASE_URL: database.url, ...settings })
  return startApp(config, logger ?? createLogger(config.LOG_LEVEL), pace)
}
