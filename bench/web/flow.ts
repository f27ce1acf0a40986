// Messages that come by the hundred into the conversation that is on the screen: how many frames that costs, beside the same page when
// nothing comes.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import type { Check } from '../lib/check.js'
import { check, Figures } from '../lib/figures.js'
import type { Progress } from '../lib/progress.js'
import { Remote } from '../lib/remote.js'
import { Samples } from '../lib/samples.js'
import { openBuilds } from './front.js'
import { becomes, openContext, openConversation, slowDown, traced } from './program.js'
import type { Stage } from './stage.js'
import type { Talked, Talker } from './talker.js'
import { droppedShare, framesOf, mainThread, pageProcess, type Span, workOf } from './trace.js'

export type FlowOptions = { rate: number; seconds: number; before: string | undefined }

const IDLE_MS = 3_000
/** Whoever falls behind may take so long to catch up. */
const LATE_MS = 20_000
/** To look through what has come. */
const REVIEW_MS = 20_000
const SLOWNESS = [1, 4] as const
/** How much later than a bare socket has a message it may be painted: at once, or before one thinks of something else. */
const LATER_MS = { 1: 100, 4: 1_000 }
/** Or the page has no time for whoever uses it. */
const BUSY_PERCENT = 90

export async function measureFlow(
  program: Browser,
  stage: Stage,
  { rate, seconds, before }: FlowOptions,
  progress: Progress,
): Promise<Check[]> {
  const talker = new Remote<Talker>(join(import.meta.dirname, 'talker-process.ts'))
  const talk = () => talker.tell('talk', stage.server.url, stage.talker.token, stage.lively.id, rate, seconds)
  const builds = await openBuilds(stage.server.url, before)
  const figures = new Figures()
  const checks: Check[] = []
  progress.begin(`${rate} messages a second`, SLOWNESS.length * builds.length)
  try {
    for (const times of SLOWNESS) {
      for (const { name, url } of builds) {
        const context = await openContext(program, false)
        const page = await openConversation(context, url, stage.lively.id)
        const session = await context.newCDPSession(page)
        await slowDown(session, times)
        const { idle, busy, later, taken } = await measure(page, talk)
        await slowDown(session, 1)
        const shown = await review(page)
        await context.close()
        const subject = `${times}x slowed${before ? `, ${name}` : ''}`
        figures.add(`${subject}, nothing comes`, 0, idle)
        figures.add(subject, 0, busy)
        progress.step()
        if (name !== 'now') continue
        const all = { what: `messages shown of ${taken} taken, ${times}x slowed`, bar: `${taken}` }
        checks.push(
          { ...all, measured: `${shown}`, passed: shown === taken },
          check(`painted later than heard, p50, ${times}x slowed`, [later], { most: LATER_MS[times] }, ' ms'),
          check(
            `main thread, ${times}x slowed`,
            [busy['main thread %']],
            times === 1 ? { most: BUSY_PERCENT } : undefined,
            ' %',
          ),
        )
      }
    }
  } finally {
    progress.end()
    await talker.stop()
    for (const build of builds) await build.close()
  }
  console.log(`\n${figures.draw(`${rate} messages a second for ${seconds} s`)}\n`)
  return checks
}

/** In one trace: a while in which nothing comes, and then what does. */
async function measure(page: Page, talk: () => Promise<Talked>) {
  // What opening it has left to do is no part of either.
  await delay(IDLE_MS)
  await page.evaluate('earshotBench.isCounting = true')
  const mark = () => page.evaluate('performance.mark("bench").startTime') as Promise<number>
  const marks: number[] = []
  const { result, events } = await traced(page, async () => {
    marks.push(await mark())
    await delay(IDLE_MS)
    marks.push(await mark())
    const talked = await talk()
    await becomes(page, `earshotBench.numbers.has(${talked.taken - 1})`, LATE_MS)
    marks.push(await mark())
    return talked
  })
  const late = new Samples()
  for (const ms of (await page.evaluate('earshotBench.late')) as number[]) late.add(ms)
  const pid = pageProcess(events)
  const main = mainThread(events, pid)
  const [began = 0, come = 0, ended = 0] = main.flatMap(({ name, ts }) => (name === 'bench' ? [ts / 1_000] : []))
  const figuresOf = (span: Span) => {
    const { share, cpu, long, longest, layouts, layoutShare } = workOf(main, span)
    const frames = framesOf(events, pid, span)
    const perSecond = (count: number) => (count / (span.to - span.from)) * 1_000
    return {
      'frames/s': perSecond(frames.presented + frames.partial),
      'dropped %': droppedShare(frames) * 100,
      'main thread %': share * 100,
      'its CPU %': (cpu / (span.to - span.from)) * 100,
      'layout %': layoutShare * 100,
      'layouts/s': perSecond(layouts),
      'long tasks': long,
      'longest ms': longest,
    }
  }
  const [p50 = Number.NaN, p99 = Number.NaN] = late.quantiles(0.5, 0.99)
  const [heard50 = Number.NaN, heard99 = Number.NaN] = result.heard
  return {
    idle: figuresOf({ from: began, to: come }),
    busy: {
      ...figuresOf({ from: come, to: ended }),
      'CPU ms a message': workOf(main, { from: come, to: ended }).cpu / result.taken,
      'heard p50 ms': heard50,
      'p99 ms': heard99,
      'painted p50 ms': p50,
      'painted p99 ms': p99,
    },
    later: p50 - heard50,
    taken: result.taken,
  }
}

/**
 * Up through what has come, a screen at a time: what went by between two frames has to be there as well. @returns how many there are
 */
async function review(page: Page): Promise<number> {
  return page.evaluate(`(async () => {
    const list = document.querySelector('.messages')
    const until = performance.now() + ${REVIEW_MS}
    const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const isFirst = ({ textContent }) => textContent.startsWith('#0 ')
    let more = 2
    // Some that were sent with the first one may stand before it.
    while (more > 0 && performance.now() < until) {
      if ([...list.querySelectorAll('.words')].some(isFirst)) more--
      list.scrollTop -= list.clientHeight
      await drawn()
    }
    return earshotBench.numbers.size
  })()`)
}
