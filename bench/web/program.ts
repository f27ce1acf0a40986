// Chromium, and what a run asks of it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'
import { StartupError } from '../../src/kit/startup-error.js'
import { FLAGS, PROGRAM } from '../../test/support/browser.js'
import { PASSWORD, READER } from './stage.js'
import type { TraceEvent } from './trace.js'

const CATEGORIES = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  'loading',
  'blink.user_timing',
]
const PATIENCE_MS = 30_000
const LOOK_MS = 50

/** @throws StartupError */
export async function openProgram(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new StartupError(`There is no Chromium at ${PROGRAM}: name one in CHROMIUM.`)
  // Signals are for the run: it ends the browser itself.
  return chromium.launch({ executablePath: PROGRAM, args: FLAGS, handleSIGINT: false, handleSIGTERM: false })
}

/** Of somebody whom nobody has seen before. `isKept`: with a service worker. */
export async function openContext(program: Browser, isKept: boolean): Promise<BrowserContext> {
  const context = await program.newContext({
    locale: 'en-GB',
    viewport: { width: 1280, height: 800 },
    serviceWorkers: isKept ? 'allow' : 'block',
  })
  context.setDefaultTimeout(PATIENCE_MS)
  await context.addInitScript({ path: join(import.meta.dirname, 'recorder.js') })
  return context
}

export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.fill('input[name=login]', READER)
  await page.fill('input[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForSelector('a.entry')
}

/** The reader's page, with that conversation open at its end. */
export async function openConversation(context: BrowserContext, url: string, id: string): Promise<Page> {
  const page = await context.newPage()
  await signIn(page, url)
  await page.click(`a.entry[href="/c/${id}"]`)
  await page.waitForSelector('.composer')
  await page.waitForSelector('li.message')
  return page
}

/** Asked from outside: the page's policy lets nobody wait by an expression within. @returns whether it became true */
export async function becomes(page: Page, expression: string, patience_ms = PATIENCE_MS): Promise<boolean> {
  const until = performance.now() + patience_ms
  while (!(await page.evaluate(expression))) {
    if (performance.now() > until) return false
    await delay(LOOK_MS)
  }
  return true
}

export const slowDown = (session: CDPSession, times: number) =>
  session.send('Emulation.setCPUThrottlingRate', { rate: times })

/** What it answers, and the trace of what it did. */
export async function traced<T>(page: Page, work: () => Promise<T>): Promise<{ result: T; events: TraceEvent[] }> {
  const program = page.context().browser()
  if (!program) throw new Error('the page has no browser')
  await program.startTracing(page, { categories: CATEGORIES })
  let buffer: Buffer | undefined
  try {
    const result = await work()
    buffer = await program.stopTracing()
    return { result, events: JSON.parse(buffer.toString()).traceEvents }
  } finally {
    if (!buffer) await program.stopTracing().catch(() => undefined)
  }
}

export type Held = { heap_mib: number; nodes: number; listeners: number }

/** What the page holds once all that it does not need is gone. */
export async function heldBy(session: CDPSession): Promise<Held> {
  await session.send('Performance.enable')
  // What has only just been let go of may need a second look.
  for (let turn = 0; turn < 2; turn++) await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN
  return { heap_mib: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') }
}
