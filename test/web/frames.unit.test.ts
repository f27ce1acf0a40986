import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { oncePerFrame } from '../../web/app/frames.js'

const page = { visibilityState: 'visible' }
let frames: (() => void)[] = []

/** What a browser does before it draws. */
function draw(): void {
  const now = frames
  frames = []
  for (const one of now) one()
}

beforeEach(() => {
  frames = []
  page.visibilityState = 'visible'
  vi.stubGlobal('document', page)
  vi.stubGlobal('requestAnimationFrame', (work: () => void) => frames.push(work))
})
afterEach(() => {
  // Nothing waits any more.
  for (let turn = 0; turn < 3; turn++) draw()
  vi.unstubAllGlobals()
})

test('the first is done at once, what follows within a frame once with the next one', () => {
  const work = vi.fn()
  const show = oncePerFrame(work)
  show()
  expect(work).toHaveBeenCalledTimes(1)
  show()
  show()
  expect(work).toHaveBeenCalledTimes(1)
  draw()
  expect(work).toHaveBeenCalledTimes(2)
  // That frame has had its turn.
  show()
  expect(work).toHaveBeenCalledTimes(2)
  draw()
  expect(work).toHaveBeenCalledTimes(3)
  draw()
  show()
  expect(work).toHaveBeenCalledTimes(4)
})

test('two works do not wait for each other, and what waits is done in one turn', () => {
  const order: string[] = []
  const [one, two] = ['one', 'two'].map((name) => oncePerFrame(() => order.push(name))) as [() => void, () => void]
  one()
  two()
  expect(order).toEqual(['one', 'two'])
  one()
  two()
  one()
  expect(frames).toHaveLength(1)
  draw()
  expect(order).toEqual(['one', 'two', 'one', 'two'])
})

test('a page that nobody sees has no frames to wait for', () => {
  const work = vi.fn()
  const show = oncePerFrame(work)
  show()
  page.visibilityState = 'hidden'
  show()
  show()
  expect(work).toHaveBeenCalledTimes(3)
})
