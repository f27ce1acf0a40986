import { expect, test } from 'vitest'
import {
  droppedShare,
  framesOf,
  loadOf,
  mainThread,
  pageProcess,
  type TraceEvent,
  workOf,
} from '../../bench/web/trace.js'

const PAGE = 7
const MAIN = 71
const OTHER = 72

/** At milliseconds, on the main thread of the page. */
const at = (ms: number, name: string, more: Partial<TraceEvent> = {}): TraceEvent => {
  return { name, ph: 'I', pid: PAGE, tid: MAIN, ts: ms * 1_000, ...more }
}
const lasting = (ms: number, name: string, dur: number) => at(ms, name, { ph: 'X', dur: dur * 1_000 })
const task = (ms: number, dur: number) => lasting(ms, 'RunTask', dur)
const THREAD = at(0, 'thread_name', { ph: 'M', args: { name: 'CrRendererMain' } })

/** Navigates at 100, paints at 300, can be used at 500, and is watched until 3,000. */
const load = (...more: TraceEvent[]) =>
  loadOf([
    THREAD,
    at(100, 'navigationStart', { args: { data: { documentLoaderURL: 'http://127.0.0.1/' } } }),
    at(120, 'navigationStart', { args: { data: { documentLoaderURL: '' } } }),
    at(300, 'firstContentfulPaint'),
    at(500, 'usable'),
    at(3_000, 'the end'),
    ...more,
  ])

test('a page without long tasks is interactive once it can be used', () => {
  expect(load(task(200, 80), task(310, 50))).toEqual({
    'first paint': 200,
    'largest paint': 200,
    usable: 400,
    interactive: 400,
    blocked: 0,
    'layout shift': 0,
    CPU: 0,
  })
})

test('it is interactive after the last long task that has no quiet second before it', () => {
  const { interactive, blocked } = load(task(600, 70), task(1_600, 100), task(2_750, 200))
  // From 1,700 to 2,700 it was quiet: what comes later is something else.
  expect(interactive).toBe(1_600)
  expect(blocked).toBe(20 + 50)
})

test('nobody knows when a page is interactive that was never watched for a quiet second', () => {
  const { interactive, blocked } = load(task(1_450, 51), task(2_250, 60))
  expect(interactive).toBeNaN()
  expect(blocked).toBeNaN()
})

test('the last of the candidates is the largest paint, and shifts after an input do not count', () => {
  const shift = (ms: number, score: number, had_recent_input: boolean) =>
    at(ms, 'LayoutShift', { args: { data: { score, had_recent_input } } })
  const found = load(
    at(300, 'largestContentfulPaint::Candidate'),
    at(700, 'largestContentfulPaint::Candidate'),
    shift(50, 0.5, false),
    shift(400, 0.01, false),
    shift(450, 0.02, false),
    shift(460, 0.9, true),
  )
  expect(found['largest paint']).toBe(600)
  expect(found['layout shift']).toBeCloseTo(0.03)
})

test('the page is the process that has painted, else where it was at the beginning', () => {
  const begun = at(0, 'TracingStartedInBrowser', {
    pid: 1,
    args: { data: { frames: [{ processId: 5 }, { processId: 6, isOutermostMainFrame: true }] } },
  })
  expect(pageProcess([begun])).toBe(6)
  expect(pageProcess([begun, at(9, 'firstContentfulPaint')])).toBe(PAGE)
})

test('other threads and other processes are none of the main thread', () => {
  const events = [THREAD, task(1, 1), { ...task(2, 1), tid: OTHER }, { ...task(3, 1), pid: 8 }]
  expect(mainThread(events, PAGE)).toEqual([THREAD, task(1, 1)])
})

const frame = (ms: number, frame_sequence: number, state: string, affects_smoothness = false): TraceEvent =>
  at(ms, 'PipelineReporter', {
    ph: 'b',
    tid: OTHER,
    args: { frame_reporter: { state, frame_sequence, affects_smoothness } },
  })

test('a frame that is told of twice counts once, as the better of the two', () => {
  const frames = framesOf(
    [
      frame(10, 1, 'STATE_PRESENTED_ALL'),
      frame(20, 2, 'STATE_DROPPED', true),
      frame(20, 2, 'STATE_PRESENTED_PARTIAL'),
      frame(30, 3, 'STATE_DROPPED', true),
      // Nothing was to be shown.
      frame(40, 4, 'STATE_NO_UPDATE_DESIRED'),
      frame(50, 5, 'STATE_DROPPED', false),
      frame(900, 6, 'STATE_DROPPED', true),
      { ...frame(60, 7, 'STATE_DROPPED', true), pid: 8 },
    ],
    PAGE,
    { from: 0, to: 100 },
  )
  expect(frames).toEqual({ presented: 1, partial: 1, dropped: 1 })
  expect(droppedShare(frames)).toBeCloseTo(1 / 3)
})

test('a page that had nothing to show has dropped nothing', () => {
  expect(droppedShare({ presented: 0, partial: 0, dropped: 0 })).toBe(0)
})

test('what reaches over an end of the span counts as far as it is within', () => {
  const main = [
    task(50, 100),
    task(200, 10),
    task(295, 60),
    task(400, 10),
    lasting(60, 'Layout', 20),
    lasting(205, 'Layout', 5),
  ]
  expect(workOf(main, { from: 100, to: 300 })).toEqual({
    share: (50 + 10 + 5) / 200,
    cpu: 0,
    long: 2,
    longest: 100,
    layouts: 1,
    layoutShare: 5 / 200,
  })
})

test('what the thread has worked is counted apart from how long it took, and only what began before the page was usable', () => {
  const worked = (ms: number, dur: number, cpu: number) => ({ ...task(ms, dur), tdur: cpu * 1_000 })
  expect(load(worked(50, 10, 10), worked(150, 100, 30), worked(480, 60, 12), worked(600, 40, 40)).CPU).toBe(42)
  expect(workOf([worked(50, 100, 40), worked(200, 10, 3)], { from: 100, to: 300 }).cpu).toBe(20 + 3)
})

test('where the navigation is missing in the trace, a mark tells when it was', () => {
  const marked = at(500, 'usable', { args: { data: { startTime: 400 } } })
  const found = loadOf([THREAD, at(300, 'firstContentfulPaint'), marked, at(3_000, 'the end')])
  expect([found['first paint'], found.interactive]).toEqual([200, 400])
})
