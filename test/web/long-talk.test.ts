// A conversation of a hundred thousand messages is as quick at hand as a short one: one gets to any place of it, stays there to
// the pixel while more of it comes, and finds back.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { DESK, openPages, PATIENT, type Pages } from './pages.js'

/** Of a screen with what is near it. */
const DRAWN_MAX = 120

/** `line n` has the number n + 1; some are long, so that nobody can know how high they are before they are drawn. */
async function talk({ world }: Pages, many: number): Promise<{ bob: Person; id: string }> {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const session = await world.session()
  await session.query(
    `insert into messages (conversation_id, sender_id, content)
     select $1, $2, 'line ' || n || case when n % 7 = 0 then repeat(' and so on', n % 60) else '' end
     from generate_series(1, $3::int) n`,
    [id, bob.id, many],
  )
  await alice.ask('PUT', `/conversations/${id}/receipts`, { read_number: many + 1 })
  return { bob, id }
}

/** Where each message that is seen stands, by its words, two frames from now. */
const standing = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    const frame = document.querySelector('.messages')?.getBoundingClientRect() ?? new DOMRect()
    const rows = [...document.querySelectorAll('.messages .message')].flatMap((row) => {
      const { top, bottom } = row.getBoundingClientRect()
      const isSeen = bottom > frame.top && top < frame.bottom
      // Of the one before its day, or after it, the edge below is the same.
      return isSeen ? [[row.querySelector('.words')?.textContent ?? '', bottom] as const] : []
    })
    return Object.fromEntries(rows)
  })

const drawn = (page: Page) => page.locator('.messages li').count()
const isBusy = (page: Page) => page.locator('.messages').getAttribute('aria-busy')
const lineOf = (words: string) => Number(/line (\d+)/.exec(words)?.[1])
const linesOf = (place: Record<string, number>) => Object.keys(place).map(lineOf)

/** By how much what is seen both times has moved, at most. */
function movedBy(before: Record<string, number>, after: Record<string, number>, expected = 0): number {
  const both = Object.keys(before).filter((words) => words in after)
  expect(both.length).toBeGreaterThan(0)
  return Math.max(...both.map((words) => Math.abs((after[words] ?? 0) - (before[words] ?? 0) - expected)))
}

for (const [count, many, options, steps] of [
  ['100,000 messages', 100_000, DESK, 20],
  ['2,000 messages, without motion,', 2_000, { ...DESK, reducedMotion: 'reduce' }, 8],
] as const) {
  testInBrowser(`of ${count} one gets to any, and no other one moves what is seen`, async () => {
    await using pages = await openPages()
    const { bob, id } = await talk(pages, many)
    const middle = many / 2
    const page = await pages.enter('alice', options)
    await page.locator('a.entry').waitFor()
    await page.goto(`${pages.world.node.url}/c/${id}/m/${middle}`)
    const found = page.locator('.message.found')
    await found.getByText(`line ${middle - 1}`, { exact: true }).waitFor()
    await expect.poll(() => found.evaluate((one) => one === document.activeElement), PATIENT).toBe(true)
    await found.waitFor({ state: 'detached' })
    expect(linesOf(await standing(page))).toContain(middle - 1)
    expect(await drawn(page)).toBeLessThan(DRAWN_MAX)

    // Held back, so that what is seen before it comes can be told from what is seen after.
    let [asked, open] = [0, () => undefined as unknown]
    let gate = Promise.resolve()
    await page.route(/\/messages\?.*(before|after)=/, async (route) => {
      asked++
      await gate
      await route.continue()
    })
    const scroll = async (way: number) => {
      gate = new Promise((resolve) => {
        open = resolve
      })
      const start = await standing(page)
      await page.locator('.messages').evaluate((list, way) => list.scrollBy(0, way), way)
      const before = await standing(page)
      // What is scrolled by so much moves by so much, whatever is drawn, and measured, for it.
      expect(movedBy(start, before, -way)).toBeLessThan(1)
      open()
      await expect.poll(() => isBusy(page), PATIENT).toBe('false')
      const after = await standing(page)
      expect(movedBy(before, after)).toBeLessThan(1)
      expect(await drawn(page)).toBeLessThan(DRAWN_MAX)
      return after
    }
    let at = await standing(page)
    for (let step = 0; step < steps; step++) at = await scroll(-600)
    expect(Math.max(...linesOf(at))).toBeLessThan(middle - 50)
    const upwards = asked
    expect(upwards).toBeGreaterThan(1)
    for (let step = 0; step < 2 * steps; step++) at = await scroll(600)
    expect(Math.min(...linesOf(at))).toBeGreaterThan(middle)
    expect(asked).toBeGreaterThan(upwards)
    // What is seen is what there is, without a gap.
    const lines = linesOf(at).sort((a, b) => a - b)
    expect(lines).toEqual(lines.map((_, index) => (lines[0] ?? 0) + index))

    for (const words of ['one', 'two', 'three']) await bob.say(id, words)
    await expect.poll(() => page.locator('.to-end .badge').innerText(), PATIENT).toContain('3 unread messages')
    expect(movedBy(at, await standing(page))).toBeLessThan(1)
    await page.getByRole('button', { name: 'To the newest message' }).click()
    await page.locator('.message', { hasText: 'three' }).waitFor()
    await page.locator('.to-end').waitFor({ state: 'detached' })
    expect(Object.keys(await standing(page)).slice(-3)).toEqual(['one', 'two', 'three'])
    expect(await drawn(page)).toBeLessThan(DRAWN_MAX)
    // And its very beginning.
    await page.goto(`${pages.world.node.url}/c/${id}/m/1`)
    await page.getByText(/^.alice of Earshot. created the group/u).waitFor()
    expect(linesOf(await standing(page))).toContain(1)
    expect(await page.locator('.messages').evaluate((list) => list.scrollTop)).toBe(0)
    expect(pages.errors).toEqual([])
  })
}
