// What Chromium's own trace says of a page: when it could be used, what its main thread did, and which frames there were.
// Times in the trace are microseconds of one clock; here they are milliseconds of it.

export type TraceEvent = {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur?: number
  /** What of it the thread has really had: others want the processor too. */
  tdur?: number
  args?: {
    name?: string
    data?: {
      documentLoaderURL?: string
      startTime?: number
      score?: number
      had_recent_input?: boolean
      frames?: { processId: number; isOutermostMainFrame?: boolean }[]
    }
    frame_reporter?: FrameReport
    chrome_frame_reporter?: FrameReport
  }
}
type FrameReport = { state: string; frame_sequence: number; affects_smoothness?: boolean }
export type Span = { from: number; to: number }
export type Task = { at: number; ms: number; cpu: number }

/** A task that one feels, as the web vitals have it. */
export const LONG_MS = 50
/** It is quiet once no long task has begun for so long. */
export const QUIET_MS = 1_000

/** The process of the page: the one that has painted, or where it was when the trace began. */
export function pageProcess(events: readonly TraceEvent[]): number {
  const painted = events.findLast(({ name }) => name === 'firstContentfulPaint')
  if (painted) return painted.pid
  const begun = events.find(({ name }) => name === 'TracingStartedInBrowser')
  return begun?.args?.data?.frames?.find((one) => one.isOutermostMainFrame)?.processId ?? 0
}

export function mainThread(events: readonly TraceEvent[], pid: number): readonly TraceEvent[] {
  const thread = events.find(
    (one) => one.name === 'thread_name' && one.pid === pid && one.args?.name === 'CrRendererMain',
  )
  return events.filter((one) => one.pid === pid && one.tid === thread?.tid)
}

/** What the main thread did without a break, in the order of time. */
export function tasksOf(main: readonly TraceEvent[]): Task[] {
  return durationsOf(main, ['RunTask']).toSorted((one, other) => one.at - other.at)
}

function durationsOf(main: readonly TraceEvent[], names: readonly string[]): Task[] {
  return main.flatMap(({ name, ph, ts, dur = 0, tdur = 0 }) =>
    ph === 'X' && names.includes(name) ? [{ at: ts / 1_000, ms: dur / 1_000, cpu: tdur / 1_000 }] : [],
  )
}

const timesOf = (main: readonly TraceEvent[], name: string): number[] =>
  main.flatMap((one) => (one.name === name ? [one.ts / 1_000] : []))

export type Load = {
  'first paint': number
  'largest paint': number
  usable: number
  interactive: number
  blocked: number
  'layout shift': number
  CPU: number
}

/**
 * Milliseconds since the navigation. `usable`: what one came for is there and painted. `interactive`: it is, and the last long task
 * before a second without one is over; NaN where no such second was traced. `blocked`: what long tasks took beyond 50 ms
 * between the first paint and then. `layout shift`: the sum of all, not caused by input.
 * `CPU`: what the main thread has worked until it was usable, whatever else the machine had to do.
 */
export function loadOf(events: readonly TraceEvent[]): Load {
  const main = mainThread(events, pageProcess(events))
  // What is no address is the empty page before it, or one in its shadow.
  const [navigated] = timesOf(
    main.filter(({ args }) => args?.data?.documentLoaderURL),
    'navigationStart',
  )
  const begun = navigated ?? originOf(main)
  const first = timesOf(main, 'firstContentfulPaint').find((at) => at >= begun) ?? Number.NaN
  const largest = timesOf(main, 'largestContentfulPaint::Candidate').findLast((at) => at >= begun) ?? first
  const usable = Math.max(first, timesOf(main, 'usable').find((at) => at >= begun) ?? Number.NaN)
  const end = events.reduce((last, { ts, dur = 0 }) => Math.max(last, (ts + dur) / 1_000), 0)
  const long = tasksOf(main).filter(({ at, ms }) => ms > LONG_MS && at + ms > first)
  const interactive = quietFrom(long, usable, end)
  const blocked = Number.isNaN(interactive)
    ? Number.NaN
    : long.filter(({ at }) => at < interactive).reduce((sum, { ms }) => sum + ms - LONG_MS, 0)
  const shifts = main.flatMap(({ name, ts, args }) =>
    name === 'LayoutShift' && ts / 1_000 >= begun && !args?.data?.had_recent_input ? [args?.data?.score ?? 0] : [],
  )
  return {
    'first paint': first - begun,
    'largest paint': largest - begun,
    usable: usable - begun,
    interactive: interactive - begun,
    blocked,
    'layout shift': shifts.reduce((sum, score) => sum + score, 0),
    CPU: tasksOf(main).reduce((sum, { at, cpu }) => (at >= begun && at < usable ? sum + cpu : sum), 0),
  }
}

/** Of a new process the beginning may be missing; a mark says how long after it it was made. */
function originOf(main: readonly TraceEvent[]): number {
  const mark = main.find(({ name }) => name === 'usable')
  return mark ? mark.ts / 1_000 - (mark.args?.data?.startTime ?? Number.NaN) : Number.NaN
}

function quietFrom(long: readonly Task[], usable: number, end: number): number {
  let from = usable
  for (const { at, ms } of long) {
    if (at - from >= QUIET_MS) break
    from = Math.max(from, at + ms)
  }
  return end - from < QUIET_MS ? Number.NaN : from
}

export type Frames = { presented: number; partial: number; dropped: number }

/**
 * Frames that had something to show. `presented`: with all of it; `partial`: the compositor's alone (it scrolled), for the main thread was
 * late; `dropped`: with nothing of it.
 */
export function framesOf(events: readonly TraceEvent[], pid: number, { from, to }: Span): Frames {
  const best = new Map<number, number>()
  for (const { name, ph, ts, args, pid: at } of events) {
    const report = args?.chrome_frame_reporter ?? args?.frame_reporter
    if (name !== 'PipelineReporter' || ph !== 'b' || at !== pid || !report) continue
    if (ts / 1_000 < from || ts / 1_000 > to) continue
    // One frame may be told of twice: what the compositor could do in time, and what came later.
    const rank = rankOf(report)
    best.set(report.frame_sequence, Math.max(rank, best.get(report.frame_sequence) ?? 0))
  }
  const count = (rank: number) => [...best.values()].filter((one) => one === rank).length
  return { presented: count(3), partial: count(2), dropped: count(1) }
}

function rankOf({ state, affects_smoothness }: FrameReport): number {
  if (state === 'STATE_PRESENTED_ALL') return 3
  if (state === 'STATE_PRESENTED_PARTIAL') return 2
  return state === 'STATE_DROPPED' && affects_smoothness ? 1 : 0
}

/** Of all frames that had something to show, how many did not. */
export const droppedShare = ({ presented, partial, dropped }: Frames): number => {
  const all = presented + partial + dropped
  return all === 0 ? 0 : dropped / all
}

export type Work = { share: number; cpu: number; long: number; longest: number; layouts: number; layoutShare: number }

/** How busy the main thread was, and for how many ms it had a processor (`cpu`); what reaches over an end of the span counts as far as it is within. */
export function workOf(main: readonly TraceEvent[], { from, to }: Span): Work {
  const within = (tasks: readonly Task[]) =>
    tasks.flatMap(({ at, ms, cpu }) => {
      const part = Math.min(at + ms, to) - Math.max(at, from)
      return part > 0 ? [{ ms, part, cpu: (cpu * part) / ms }] : []
    })
  const sum = (tasks: readonly { part: number }[]) => tasks.reduce((total, { part }) => total + part, 0)
  const tasks = within(tasksOf(main))
  const layouts = within(durationsOf(main, ['Layout', 'UpdateLayoutTree']))
  return {
    share: sum(tasks) / (to - from),
    cpu: tasks.reduce((total, { cpu }) => total + cpu, 0),
    long: tasks.filter(({ ms }) => ms > LONG_MS).length,
    longest: Math.max(0, ...tasks.map(({ ms }) => ms)),
    layouts: within(durationsOf(main, ['Layout'])).length,
    layoutShare: sum(layouts) / (to - from),
  }
}
