// A node as it is shipped, as a process of its own, on the same port whenever it is started.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOMY } from '../../support/world.js'
import { freePort } from './postgres-server.js'

const ROOT = join(import.meta.dirname, '../../..')
/** Output that is kept, for whoever wants to know what happened. */
const KEPT_LINES = 500

export class NodeProcess {
  readonly url: string
  readonly lines: string[] = []
  readonly #settings: Record<string, string | undefined>
  readonly #flags: string[]
  #child: ChildProcess | undefined

  private constructor(port: number, settings: Record<string, string | undefined>, flags: string[]) {
    this.url = `http://127.0.0.1:${port}`
    this.#settings = { ...settings, PORT: String(port) }
    this.#flags = flags
  }

  /** `flags` for node itself. */
  static async create(settings: Record<string, string | undefined>, flags: string[] = []): Promise<NodeProcess> {
    return new NodeProcess(await freePort(), settings, flags)
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Of the last process that has ended by itself. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  /** Resolves once it serves. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [...this.#flags, join(ROOT, 'bin/earshot.cjs')], {
      // Away from any .env, and with nothing of the environment.
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, ...ROOMY, LOG_LEVEL: 'info', ...this.#settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    // Should the tests themselves be ended.
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    const ready = new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        if (!stream) continue
        createInterface({ input: stream }).on('line', (line) => {
          if (this.lines.push(line) > KEPT_LINES) this.lines.shift()
          if (process.env.TEST_LOG) process.stdout.write(`${this.url} ${line}\n`)
          if (line.includes('earshot is ready')) resolve()
        })
      }
      child.once('exit', () => reject(new Error(`the node did not start: ${this.lines.slice(-20).join('\n')}`)))
    })
    await ready
  }

  /** kill -9 */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Asks it to go; resolves once it is gone. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** A line of its metrics; 0 while it is not there. */
  async metric(line: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const found = text.split('\n').find((one) => one.startsWith(`${line} `))
    return Number(found?.slice(line.length + 1) ?? 0)
  }

  /** Open files and sockets, without connections that clients have made to it and may keep. */
  async descriptors(): Promise<number> {
    const folder = `/proc/${this.pid}/fd`
    // While many come, some are new between two looks: what was accepted before or after is none of its own.
    const before = await this.#accepted()
    const names = await readdir(folder)
    const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
    const accepted = new Set([...before, ...(await this.#accepted())])
    return links.filter((link) => link !== '' && !accepted.has(link)).length
  }

  /** What clients have connected to, as `/proc` names it. */
  async #accepted(): Promise<string[]> {
    const table = await readFile(`/proc/${this.pid}/net/tcp`, 'utf8')
    const port = Number(new URL(this.url).port).toString(16).toUpperCase().padStart(4, '0')
    // Columns: number, local address, remote address, state (0A: it listens), ..., inode.
    const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
    return rows
      .filter(([, local, , state]) => local?.endsWith(`:${port}`) && state !== '0A')
      .map((row) => `socket:[${row[9]}]`)
  }

  // biome-ignore lint/suspicious/noExplicitAny: the report of /health
  async health(): Promise<any> {
    return (await fetch(`${this.url}/health`)).json()
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    child.kill(name)
    await once(child, 'exit')
  }
}
