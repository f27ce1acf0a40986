// The page is for everybody: whatever they see it with, by keys alone, in their language, on a small screen, in the dark.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { PASSWORD } from '../support/world.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, PATIENT, type Pages, PHONE } from './pages.js'

/** A group in which both have spoken, and one conversation that is pinned and unread. */
async function furnish({ world }: Pages): Promise<void> {
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  const direct = await bob.post('/conversations', { type: 'direct', user_ids: [alice.id] })
  await alice.patch(`/conversations/${direct.id}/me`, { pinned: true })
  await bob.say(direct.id, 'psst')
  await bob.say(group.id, 'hello')
  await alice.say(group.id, 'hello, Bob')
  const { id } = await bob.say(group.id, 'a mistake')
  await bob.ask('DELETE', `/messages/${id}`)
}

const LOOKS: [string, BrowserContextOptions][] = [
  ['light, on a desk', { ...DESK, colorScheme: 'light' }],
  ['dark, on a desk', { ...DESK, colorScheme: 'dark' }],
  ['light, on a phone', { ...PHONE, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
  ['in Arabic', { ...DESK, locale: 'ar' }],
]

for (const [look, options] of LOOKS) {
  testInBrowser(`axe finds nothing on any screen: ${look}`, async () => {
    await using pages = await openPages()
    await furnish(pages)
    const faults: Record<string, string[]> = {}
    const look = async (screen: string, page: Page) => {
      faults[screen] = await faultsOf(page)
    }
    const stranger = await pages.open(options, '/sign-up')
    await stranger.locator('button[type=submit]').click()
    await stranger.locator('.field-error').first().waitFor()
    await look('sign up, with errors', stranger)
    await stranger.goto(`${pages.world.node.url}/nowhere`)
    await stranger.locator('h1').waitFor()
    await look('not found', stranger)
    await stranger.goto(`${pages.world.node.url}/sign-in`)
    await stranger.locator('h1').waitFor()
    await look('sign in', stranger)
    await stranger.context().close()

    const page = await pages.enter('alice', options)
    await page.locator('a.entry').first().waitFor()
    await look('list', page)
    await page.locator('.menu-button').click()
    await look('menu', page)
    await page.keyboard.press('Escape')
    await page.locator('.icon-button.primary').first().click()
    await page.locator('input[type=radio]').last().check()
    await page.locator('input[type=search]').fill('bob')
    await page.locator('.person').click()
    await look('new conversation', page)
    await page.keyboard.press('Escape')
    await page.locator('a.entry', { hasText: 'Climbing' }).click()
    await page.locator('.deleted').waitFor()
    await look('conversation', page)
    await page.context().setOffline(true)
    await page.locator('textarea').fill('waits')
    await page.locator('.composer button[type=submit]').click()
    await page.locator('.banner.bad').waitFor()
    await look('without a connection', page)
    expect(Object.fromEntries(Object.entries(faults).filter(([, found]) => found.length > 0))).toEqual({})
    expect(Object.keys(faults).length).toBe(8)
  })
}

testInBrowser('by keys alone one signs up, finds somebody, writes, and is not caught anywhere', async () => {
  await using pages = await openPages()
  const bob = await pages.world.person('bob')
  const page = await pages.open({}, '/sign-in')
  await page.locator('h1').waitFor()
  const { keyboard } = page
  /** Until something of this name has the focus, which has to show. */
  const tabTo = async (name: string | RegExp) => {
    for (let step = 0; step < 20; step++) {
      await keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const element = document.activeElement as HTMLInputElement | null
        if (element === document.body) return { name: '', isShown: true }
        const label = element?.labels?.[0]?.innerText
        const { outlineStyle } = getComputedStyle(element ?? document.body)
        return { name: element?.ariaLabel ?? label ?? element?.innerText ?? '', isShown: outlineStyle !== 'none' }
      })
      if (typeof name === 'string' ? at.name !== name : !name.test(at.name)) continue
      expect(at).toEqual({ name: at.name, isShown: true })
      return
    }
    throw new Error(`no tab leads to ${name}`)
  }
  await tabTo('Create an account')
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Create your account' }).waitFor()
  for (const [label, value] of [
    ['Your name', 'Alice'],
    ['Username', 'alice'],
    ['E-mail', 'alice@example.com'],
    ['Password', PASSWORD],
  ] as const) {
    await tabTo(label)
    await keyboard.type(value)
  }
  await keyboard.press('Enter')
  await page.getByText('Nobody here yet').waitFor()
  await tabTo('New conversation')
  await keyboard.press('Enter')
  await tabTo('Find people')
  await keyboard.type('bob')
  await page.locator('.person').waitFor()
  await tabTo(/bob of Earshot/)
  await keyboard.press('Enter')
  // One is where one writes.
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
  await keyboard.type('first line')
  await keyboard.press('Shift+Enter')
  await keyboard.type('second line')
  await keyboard.press('Enter')
  await page.locator('.message:not(.waiting) .words').waitFor()
  const { data } = await bob.get('/conversations')
  expect(data[0].last_message.content).toBe('first line\nsecond line')
  // The menu, by its own keys, and back to its button.
  await tabTo(/Account and appearance/)
  await keyboard.press('Enter')
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme), PATIENT).toBe('dark')
  await expect.poll(() => page.evaluate(() => document.activeElement?.className), PATIENT).toBe('menu-button')
})

testInBrowser('the page speaks the language of the browser, from right to left where it is so written', async () => {
  await using pages = await openPages()
  await furnish(pages)
  const page = await pages.enter('alice', { ...DESK, locale: 'ar-EG' })
  await page.getByRole('heading', { name: 'المحادثات' }).waitFor()
  const html = () => page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])
  await expect.poll(() => html(), PATIENT).toEqual(['ar', 'rtl'])
  const [list, pane] = [await page.locator('.sidebar').boundingBox(), await page.locator('.pane').boundingBox()]
  expect(list?.x).toBeGreaterThan(pane?.x ?? Number.POSITIVE_INFINITY)
  await page.locator('.menu-button').click()
  await page.getByRole('menuitemradio', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'Conversations' }).waitFor()
  await expect.poll(() => html(), PATIENT).toEqual(['en', 'ltr'])
  // And after a reload still.
  await page.reload()
  await page.getByRole('heading', { name: 'Conversations' }).waitFor()
})

testInBrowser('the colours are those of the system until others are chosen, from the first moment on', async () => {
  await using pages = await openPages()
  await furnish(pages)
  const page = await pages.enter('alice', { ...DESK, colorScheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const dark = await ground()
  await page.locator('.menu-button').click()
  await page.getByRole('menuitemradio', { name: 'Light' }).click()
  const light = await ground()
  expect(light).not.toBe(dark)
  // Before the program is there, its script has run.
  await page.route('**/assets/main-*.js', (route) => route.abort())
  await page.reload({ waitUntil: 'domcontentloaded' })
  await expect.poll(() => ground(), PATIENT).toBe(light)
})

testInBrowser('nothing is wider than 320 px, nor than half of a desk at 200 %', async () => {
  await using pages = await openPages()
  await furnish(pages)
  for (const viewport of [
    { width: 320, height: 568 },
    { width: 640, height: 400 },
  ]) {
    const page = await pages.enter('alice', { viewport })
    const isWider = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    await page.locator('a.entry').first().waitFor()
    expect(await isWider()).toBe(false)
    await page.locator('.icon-button.primary').first().click()
    await page.locator('.dialog').waitFor()
    expect(await isWider()).toBe(false)
    await page.keyboard.press('Escape')
    await page.locator('a.entry', { hasText: 'Climbing' }).click()
    await page.locator('.composer').waitFor()
    expect(await isWider()).toBe(false)
    await page.context().close()
    const stranger = await pages.open({ viewport }, '/sign-up')
    await stranger.locator('h1').waitFor()
    expect(await stranger.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
    await stranger.context().close()
  }
})

/** By how much of the screen what was there has moved by itself, since it was loaded. */
const shiftedOf = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const observer = new PerformanceObserver((list) => {
          const shifts = list.getEntries() as (PerformanceEntry & { value: number })[]
          resolve(shifts.reduce((sum, { value }) => sum + value, 0))
        })
        observer.observe({ type: 'layout-shift', buffered: true })
        // Nothing is told where there was none.
        setTimeout(() => resolve(0), 500)
      }),
  )

testInBrowser('a list that is longer than the screen is as high before it is drawn as afterwards', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  await Promise.all(Array.from({ length: 30 }, () => pages.world.group(alice, bob)))
  const page = await pages.enter('alice')
  for (let visit = 0; visit < 2; visit++) {
    await page.reload()
    await page.locator('a.entry').nth(29).waitFor({ state: 'attached' })
    expect(await shiftedOf(page)).toBeLessThan(0.002)
  }
})

testInBrowser('nothing jumps while it loads', async () => {
  await using pages = await openPages()
  await furnish(pages)
  for (const options of [DESK, PHONE]) {
    const page = await pages.enter('alice', options)
    await page.locator('a.entry', { hasText: 'Climbing' }).click()
    await page.locator('.deleted').waitFor()
    for (let visit = 0; visit < 2; visit++) {
      await page.reload()
      await page.locator('.deleted').waitFor()
      // What Core Web Vitals call good is a tenth.
      expect(await shiftedOf(page)).toBeLessThan(0.02)
    }
    await page.context().close()
  }
})
