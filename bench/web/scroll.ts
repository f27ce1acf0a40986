// Up through thousands of messages and back to the end: what the page holds before and after, and how smooth it is meanwhile.
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import type { Check } from '../lib/check.js'
import { check, Figures } from '../lib/figures.js'
import type { Progress } from '../lib/progress.js'
import { openBuilds } from './front.js'
import { heldBy, openContext, openConversation, traced } from './program.js'
import type { Stage } from './stage.js'
import { droppedShare, framesOf, mainThread, pageProcess, workOf } from './trace.js'
import { wheelUp } from './wheel.js'

export type ScrollOptions = { messages: number; before: string | undefined }

/** Whoever is not there by then stays where they are. */
const PATIENCE_MS = 60_000
const SETTLED_MS = 1_500
const BARS = { growth: 2, nodes: 2 }

export async function measureScroll(
  program: Browser,
  stage: Stage,
  { messages, before }: ScrollOptions,
  progress: Progress,
): Promise<Check[]> {
  const figures = new Figures()
  const checks: Check[] = []
  const builds = await openBuilds(stage.server.url, before)
  for (const { name, url, close } of builds) {
    const context = await openContext(program, false)
    const page = await openConversation(context, url, stage.long.id)
    const session = await context.newCDPSession(page)
    await delay(SETTLED_MS)
    const first = await heldBy(session)
    progress.begin(`scrolling up${before ? `, ${name}` : ''}`, messages)
    await page.evaluate('earshotBench.isCounting = true')
    const began = performance.now()
    const mark = () => page.evaluate('performance.mark("bench").startTime')
    const { result: drawn, events } = await traced(page, async () => {
      await mark()
      const count = await scrollUp(page, messages, progress)
      await mark()
      return count
    })
    const seconds = (performance.now() - began) / 1_000
    progress.end()
    // What the measuring itself has kept is none of the page's.
    await page.evaluate('earshotBench.isCounting = false, earshotBench.seen.clear(), earshotBench.late.length = 0')
    await delay(SETTLED_MS)
    const up = await heldBy(session)
    await page.click('.to-end button')
    await page.waitForSelector('.to-end', { state: 'detached' })
    await delay(SETTLED_MS)
    const back = await heldBy(session)
    await context.close()
    await close()

    const pid = pageProcess(events)
    const main = mainThread(events, pid)
    const [from = 0, to = 0] = main.flatMap(({ name, ts }) => (name === 'bench' ? [ts / 1_000] : []))
    const span = { from, to }
    const frames = framesOf(events, pid, span)
    const { share, cpu, long, longest } = workOf(main, span)
    const row = before ? `${name}: ` : ''
    for (const [what, held] of Object.entries({ 'at the end': first, 'far up': up, 'back at the end': back })) {
      figures.add(`${row}${what}`, 0, {
        'JS heap MiB': held.heap_mib,
        'DOM nodes': held.nodes,
        listeners: held.listeners,
      })
    }
    figures.add(`${row}the way up`, 0, {
      messages: drawn,
      seconds,
      'frames/s': (frames.presented + frames.partial) / seconds,
      'scrolled without the main thread %': (frames.partial / (frames.presented + frames.partial)) * 100,
      'dropped %': droppedShare(frames) * 100,
      'main thread %': share * 100,
      'CPU ms a message': cpu / drawn,
      'long tasks': long,
      'longest ms': longest,
    })
    if (name === 'now') {
      checks.push(
        { ...check('messages drawn on the way up', [drawn]), bar: `>= ${messages}`, passed: drawn >= messages },
        check('heap far up, against before', [up.heap_mib / first.heap_mib], { most: BARS.growth }, 'x'),
        check('heap back at the end, against before', [back.heap_mib / first.heap_mib], { most: BARS.growth }, 'x'),
        check('DOM nodes back at the end, against before', [back.nodes / first.nodes], { most: BARS.nodes }, 'x'),
      )
    }
  }
  console.log(`\n${figures.draw('')}\n`)
  return checks
}

/** @returns how many rows of messages were in the page at some time */
async function scrollUp(page: Page, messages: number, progress: Progress): Promise<number> {
  let drawn = 0
  await wheelUp(page, `earshotBench.seen.size >= ${messages}`, PATIENCE_MS, async () => {
    const now = Number(await page.evaluate('earshotBench.seen.size'))
    progress.step(Math.min(now, messages) - Math.min(drawn, messages))
    drawn = now
  })
  return drawn
}
