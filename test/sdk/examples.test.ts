// The examples as somebody tries them: processes, with lines going in and coming out.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { startWorld, type World } from '../support/world.js'

const ROOT = join(import.meta.dirname, '../..')
const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/esm/index.mjs')).href
const PATIENCE_MS = 20_000

class Program implements AsyncDisposable {
  readonly said: string[] = []
  readonly #process: ChildProcess
  readonly #ended: Promise<number | null>
  #woken: (() => void)[] = []

  constructor(world: World, file: string, name: string, cwd: string) {
    const args = ['--import', TSX, join(ROOT, 'examples', file), '--url', world.node.url, '--name', name]
    this.#process = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.said.push(line)
        for (const wake of this.#woken.splice(0)) wake()
      })
    }
    this.#ended = new Promise((resolve) => this.#process.on('exit', resolve))
  }

  type(line: string): void {
    this.#process.stdin!.write(`${line}\n`)
  }

  async says(text: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!this.said.some((line) => line.includes(text))) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no "${text}" in:\n${this.said.join('\n')}`)),
          deadline - Date.now(),
        )
        this.#woken.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  ended(): Promise<number | null> {
    return this.#ended
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#process.kill(signal)
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill('SIGKILL')
  }
}

test('two terminals talk, and the bot answers once whoever mentions it, killed and started again as it may be', async () => {
  await using world = await startWorld()
  const folder = await mkdtemp(join(tmpdir(), 'earshot-examples-'))
  try {
    await using alice = new Program(world, 'terminal-chat.ts', 'alice', folder)
    await using bob = new Program(world, 'terminal-chat.ts', 'bob', folder)
    await Promise.all([alice.says('No conversations yet'), bob.says('No conversations yet')])
    alice.type('/new bob')
    await alice.says('--- bob')
    alice.type('Hello, Bob!')
    await bob.says('1 unread in alice')
    bob.type('1')
    await bob.says('alice: Hello, Bob!')
    bob.type('Hello, Alice!')
    await alice.says('bob: Hello, Alice!')

    let bot = new Program(world, 'bot.ts', 'helper', folder)
    await bot.says('live')
    alice.type('/new helper')
    await alice.says('--- helper')
    alice.type('@helper ping')
    await alice.says('helper: You said "ping"')
    await bot.kill('SIGKILL')
    alice.type('@helper are you there?')
    await alice.says('alice: @helper are you there?')
    for (let start = 0; start < 2; start++) {
      bot = new Program(world, 'bot.ts', 'helper', folder)
      await bot.says('live')
      await alice.says('You said "are you there?"')
      await bot.kill(start === 0 ? 'SIGKILL' : 'SIGTERM')
    }
    expect(await bot.ended()).toBe(0)
    alice.type('over')
    await alice.says('alice: over')
    const answers = alice.said.filter((line) => line.startsWith('helper: '))
    expect(answers).toHaveLength(2)
    alice.type('/quit')
    bob.type('/quit')
    expect(await Promise.all([alice.ended(), bob.ended()])).toEqual([0, 0])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 90_000)
