// The first load and the next one, on a processor that is four times as slow: the page where one signs in, and the list of
// conversations of somebody who is signed in.
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Check } from '../lib/check.js'
import { check, Figures } from '../lib/figures.js'
import type { Progress } from '../lib/progress.js'
import { Line, NARROW, OPEN } from './line.js'
import { becomes, openContext, signIn, slowDown, traced } from './program.js'
import type { Stage } from './stage.js'
import { loadOf, QUIET_MS } from './trace.js'

const TIMES = 4
/** So long it is watched once it can be used. */
const AFTER_MS = QUIET_MS + 500
/** On a machine that does much else it is fewer runs, not more minutes. */
const BUDGET_MS = 45_000
/** What the web vitals call good. */
const GOOD = { paint_ms: 1_800, largest_ms: 2_500, shift: 0.1, blocked_ms: 200 }
const VISITS = ['cold', 'warm'] as const
const SCREENS = ['sign-in', 'list'] as const
type Screen = (typeof SCREENS)[number]

export async function measureLoad(program: Browser, stage: Stage, runs: number, progress: Progress): Promise<Check[]> {
  const figures = new Figures()
  progress.begin('loading pages', runs * 8)
  for (const width of [OPEN, NARROW]) {
    const line = await Line.open(stage.server.url, width)
    try {
      const until = performance.now() + BUDGET_MS
      for (let run = 0; run < runs && (run === 0 || performance.now() < until); run++) {
        for (const screen of SCREENS) {
          const add = (visit: string, measured: Record<string, number>) => {
            figures.add(`${width.name}: ${screen}, ${visit}`, run, measured)
            progress.step()
          }
          await measureVisits(program, line, screen, add)
        }
      }
    } finally {
      await line.close()
    }
  }
  progress.end()
  console.log(`\n${figures.draw('milliseconds')}\n`)
  const all = (figure: string, beginning = '') =>
    figures.subjects.filter((name) => name.startsWith(beginning)).flatMap((name) => figures.of(name, figure))
  return [
    ...[OPEN, NARROW].flatMap(({ name }) => [
      check(`first contentful paint, ${name}`, all('first paint', name), { most: GOOD.paint_ms }, ' ms'),
      check(`largest contentful paint, ${name}`, all('largest paint', name), { most: GOOD.largest_ms }, ' ms'),
    ]),
    check('total blocking time', all('blocked'), { most: GOOD.blocked_ms }, ' ms'),
    check('layout shift, the worst of all', [Math.max(...all('layout shift'))], { most: GOOD.shift }),
  ]
}

/** One who has never been here, and comes again. */
async function measureVisits(
  program: Browser,
  line: Line,
  screen: Screen,
  add: (visit: (typeof VISITS)[number], measured: Record<string, number>) => void,
): Promise<void> {
  const context = await openContext(program, true)
  try {
    if (screen === 'list') await leaveOnlySession(context, line.url)
    add('cold', await visit(context, line))
    add('warm', await visit(context, line))
  } finally {
    await context.close()
  }
}

/** Somebody who is signed in, on a device that has kept nothing of the page. */
async function leaveOnlySession(context: BrowserContext, url: string): Promise<void> {
  const page = await context.newPage()
  await signIn(page, url)
  await untilKept(page)
  const session = await context.newCDPSession(page)
  const origin = new URL(url).origin
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'service_workers,cache_storage' })
  await session.send('Network.clearBrowserCache')
  await page.close()
}

/** The worker has all that it keeps, and answers for the page. */
async function untilKept(page: Page): Promise<void> {
  await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)')
  await becomes(page, 'navigator.serviceWorker.controller !== null')
}

async function visit(context: BrowserContext, line: Line): Promise<Record<string, number>> {
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await slowDown(session, TIMES)
  const before = line.received
  const { result: needed, events } = await traced(page, async () => {
    await page.goto(line.url, { waitUntil: 'commit' })
    await page.waitForSelector('form input[name=login], a.entry')
    const received = line.received - before
    // It is told some time after it was painted, on a busy machine a long one.
    await becomes(page, 'performance.getEntriesByName("first-contentful-paint").length > 0')
    await delay(AFTER_MS)
    return received
  })
  // What the worker fetches for the next time comes with the first.
  await slowDown(session, 1)
  await untilKept(page)
  const received = line.received - before
  await page.close()
  return { ...loadOf(events), 'KB until usable': needed / 1_000, 'KB in all': received / 1_000 }
}
