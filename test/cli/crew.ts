// A server of several processes, as a user starts it, and what can be told of it from outside.
import { spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { Person } from '../support/person.js'
import { PASSWORD, ROOMY } from '../support/world.js'
import { earshot, type Run } from './earshot.js'

const READY = 'a worker is ready'

export type Crew = {
  run: Run
  url: string
  /** Processes of workers in the order in which they were ready, also those that have gone. */
  pids: () => number[]
  /** Resolves once so many workers have been ready in all. */
  begun: (count: number) => Promise<void>
  person: (name: string) => Promise<Person>
  /** Kills what is left of it. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Ready. */
export async function startCrew(settings: Record<string, string>, ...args: string[]): Promise<Crew> {
  const run = runCrew(settings, ...args)
  await run.ready
  const url = /earshot is ready: (http:[^"\s]+)/.exec(run.output())?.[1] ?? ''
  const people: Person[] = []
  return {
    run,
    url,
    pids: () => pidsOf(run),
    begun: (count) => run.said(READY, count),
    person: async (name) => {
      const person = await Person.register(url, name, PASSWORD)
      people.push(person)
      return person
    },
    [Symbol.asyncDispose]: async () => {
      for (const person of people) person.disconnect()
      run.kill('SIGKILL')
      await run.exit
    },
  }
}

export function runCrew(settings: Record<string, string>, ...args: string[]): Run {
  return earshot({ ...ROOMY, LOG_LEVEL: 'info', NODE_LEASE: '2s', ...settings }, ...args)
}

export function pidsOf(run: Run): number[] {
  const lines = run
    .output()
    .split('\n')
    .filter((line) => line.includes(READY))
  return lines.map((line) => JSON.parse(line).pid)
}

/** One that nobody has asked how it ended is gone all the same. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

/** Over a connection of its own: the next worker in turn answers. */
export function ask(url: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url + path, { agent: false }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve(text)
    }).once('error', reject)
  })
}

/** What each worker reports under this name, by its number. */
export async function metricOf(url: string, name: string): Promise<Record<string, number>> {
  const text = await ask(url, '/metrics')
  const found = text.matchAll(new RegExp(`^${name}\\{worker="(\\d+)"\\} (\\S+)$`, 'gm'))
  return Object.fromEntries([...found].map(([, worker, value]) => [worker, Number(value)]))
}
