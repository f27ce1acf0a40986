// A day by keys alone: from signing in to signing out, what people do in a chat. After each key something has the focus, and
// whoever looks sees it: nothing lies over it.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { jpeg } from '../support/pictures.js'
import { PASSWORD } from '../support/world.js'
import { openPages, PATIENT } from './pages.js'

const LINES = 120

/** What is wrong with where the focus is. */
const faultOf = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLElement | null
    if (!at || at === document.body) return 'nothing has the focus'
    const name = `${at.tagName}.${at.className} ${at.ariaLabel ?? at.innerText.slice(0, 40)}`
    // Of what is larger than the place where it is scrolled a part is seen.
    let { left, top, right, bottom } = at.getBoundingClientRect()
    for (let inner = at; inner.parentElement; inner = inner.parentElement) {
      // Nothing around it cuts it off.
      if (getComputedStyle(inner).position === 'fixed') break
      const around = inner.parentElement
      const frame = around.getBoundingClientRect()
      if (getComputedStyle(around).overflowY === 'visible' || around === document.documentElement) continue
      ;[left, right] = [Math.max(left, frame.left), Math.min(right, frame.right)]
      ;[top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)]
    }
    if (right - left < 1 || bottom - top < 1) return `scrolled away: ${name}`
    const [x, y] = [(Math.max(0, left) + Math.min(innerWidth, right)) / 2, (top + bottom) / 2]
    if (y < 0 || y > innerHeight || x < 0 || x > innerWidth) return `out of the window: ${name}`
    const seen = document.elementFromPoint(x, y)
    const isSeen = at.contains(seen) || seen?.closest('label')?.control === at
    if (!isSeen) return `${seen?.tagName}.${seen?.className} lies over ${name}`
    // A heading is where one is put, not what one uses.
    if (/^H\d$/.test(at.tagName)) return ''
    const marks = [
      at,
      ...at.querySelectorAll('*'),
      at.nextElementSibling,
      at.parentElement,
      at.parentElement?.parentElement,
    ]
    const isMarked = marks.some((one) => one && getComputedStyle(one).outlineStyle !== 'none')
    return isMarked ? '' : `not marked: ${name}`
  })

/** Soon: what opens has to be drawn before. */
const expectSeen = (page: Page) => expect.poll(() => faultOf(page), PATIENT).toBe('')

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key)
    await expectSeen(page)
  }
}

const nameOf = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLInputElement
    return (at.ariaLabel ?? at.labels?.[0]?.innerText ?? at.innerText).trim()
  })

/** By this key until it is there; each stop on the way is seen, too. */
async function reach(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let step = 0; step < 40; step++) {
    await press(page, key)
    const now = await nameOf(page)
    if (typeof name === 'string' ? now === name : name.test(now)) return
    passed.push(now)
  }
  throw new Error(`${key} does not lead to ${name}, but to ${passed.join(' | ')}`)
}

const within = (page: Page, place: string) =>
  expect.poll(() => page.evaluate((place) => document.activeElement?.closest(place) != null, place), PATIENT).toBe(true)
const writing = (page: Page) => within(page, '.composer textarea')

for (const [where, viewport] of [
  ['on a desk', { width: 1280, height: 800 }],
  ['at 320 px', { width: 320, height: 568 }],
  ['at 400 %', { width: 320, height: 256 }],
] as const) {
  testInBrowser(`a day by keys alone, and the focus is always seen: ${where}`, async () => {
    await using pages = await openPages()
    const { world } = pages
    const [alice, bob] = await world.people('alice', 'bob')
    const group = { type: 'group', name: 'Climbing', user_ids: [bob.id] }
    const { id } = await alice.post('/conversations', group)
    await alice.post('/conversations', { ...group, name: 'Swimming' })
    const session = await world.session()
    await session.query(
      "insert into messages (conversation_id, sender_id, content) select $1, $2, 'line ' || n from generate_series(1, $3::int) n",
      [id, bob.id, LINES],
    )
    await alice.ask('PUT', `/conversations/${id}/receipts`, { read_number: LINES + 1 })
    const isNarrow = viewport.width < 600
    const mine = () => alice.get(`/conversations/${id}`)
    const last = async () => (await alice.get(`/conversations/${id}/messages`)).data.at(-1)

    const page = await pages.open({ viewport }, '/sign-in')
    const { keyboard } = page
    await page.locator('h1').waitFor()
    await reach(page, 'Username or e-mail')
    await keyboard.type('alice')
    await reach(page, 'Password')
    await keyboard.type(PASSWORD)
    await keyboard.press('Enter')
    await page.locator('a.entry').nth(1).waitFor()
    await press(page, 'Tab')

    await press(page, 'Control+k')
    await keyboard.type('climb')
    await press(page, 'Enter')
    await writing(page)
    await expectSeen(page)
    await reach(page, /^bob of Earshot: line 120/, 'Shift+Tab')
    await press(page, ...Array<string>(30).fill('ArrowUp'))
    expect(await nameOf(page)).toContain('line 90')
    await press(page, 'Home', 'End')
    expect(await nameOf(page)).toContain('line 120')

    await press(page, 'Enter')
    expect(await nameOf(page)).toBe('Reply')
    await press(page, 'Enter')
    await writing(page)
    await keyboard.type('yes')
    await press(page, 'Enter')
    await expect.poll(async () => (await last()).reply_to?.excerpt, PATIENT).toBe('line 120')
    await page.locator('.message.mine:not(.waiting)').waitFor()
    await press(page, 'ArrowUp')
    await keyboard.type(', gladly')
    await press(page, 'Enter')
    await page.locator('.message', { hasText: 'yes, gladly' }).getByText('edited').waitFor()
    await writing(page)

    // One is back on the message on which one was.
    await reach(page, /^bob of Earshot: line 120/, 'Shift+Tab')
    await press(page, 'End')
    expect(await nameOf(page)).toContain('You: yes, gladly')
    await press(page, 'Enter', 'End')
    expect(await nameOf(page)).toBe('Delete …')
    await press(page, 'Enter')
    await page.getByRole('dialog').waitFor()
    await reach(page, 'Delete for everyone')
    await press(page, 'Enter')
    await page.locator('.message .deleted').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expectSeen(page)
    expect(await nameOf(page)).toContain('This message was deleted.')

    await reach(page, 'Attach files')
    const choosing = page.waitForEvent('filechooser')
    await keyboard.press('Enter')
    await (await choosing).setFiles([{ name: 'wall.jpg', mimeType: 'image/jpeg', buffer: await jpeg() }])
    await page.locator('.tray-row.here').waitFor()
    await writing(page)
    await press(page, 'Enter')
    await page.locator('.message.mine:not(.waiting) .picture img').waitFor()
    await reach(page, /^Show wall.jpg large/, 'Shift+Tab')
    await press(page, 'Enter')
    await page.locator('.viewer').getByRole('img', { name: 'Picture wall.jpg' }).waitFor()
    await expectSeen(page)
    await press(page, '+', '0')
    await press(page, 'Escape')
    await page.locator('.viewer').waitFor({ state: 'detached' })
    await expect.poll(() => nameOf(page), PATIENT).toMatch(/^Show wall.jpg large/)
    await expectSeen(page)

    await reach(page, 'Details', 'Shift+Tab')
    await press(page, 'Enter')
    await page.locator('.details .member').nth(1).waitFor()
    await within(page, '.details')
    await reach(page, /More for bob of Earshot/)
    await press(page, 'Enter')
    await reach(page, 'moderator', 'ArrowDown')
    await press(page, 'Enter')
    await page.locator('.member', { hasText: 'bob' }).getByText('moderator').waitFor()
    await expectSeen(page)
    expect(await nameOf(page)).toContain('More for bob of Earshot')
    await reach(page, 'Mute')
    await press(page, 'Space')
    await expect.poll(async () => (await mine()).me.muted_until, PATIENT).not.toBeNull()
    await press(page, 'Escape')
    await expect.poll(() => nameOf(page), PATIENT).toBe('Details')
    await expectSeen(page)

    if (isNarrow) {
      await reach(page, 'Back', 'Shift+Tab')
      await press(page, 'Enter')
      await expect.poll(() => nameOf(page), PATIENT).toContain('Climbing')
    }
    await reach(page, /Account and appearance/, 'Shift+Tab')
    await press(page, 'Enter', 'End', 'ArrowUp')
    expect(await nameOf(page)).toBe('Settings')
    await press(page, 'Enter')
    await page.getByRole('link', { name: 'Notifications' }).waitFor()
    await expectSeen(page)
    await reach(page, 'Notifications')
    await press(page, 'Enter')
    await reach(page, 'Sound for new messages')
    await press(page, 'Space')
    await expect.poll(() => page.evaluate(() => localStorage.getItem('earshot.sound'))).toBe('off')
    if (isNarrow) {
      await reach(page, 'Back', 'Shift+Tab')
      await press(page, 'Enter')
    }
    await reach(page, 'Back to the conversations', 'Shift+Tab')
    await press(page, 'Enter')
    await expect.poll(() => nameOf(page), PATIENT).toContain('Account and appearance')
    await press(page, 'Enter', 'End')
    expect(await nameOf(page)).toBe('Sign out')
    await press(page, 'Enter')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await expectSeen(page)
    expect(pages.errors).toEqual([])
  })
}

testInBrowser('whoever leaves a group by keys, or is removed from it, is in the list then', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const found = (name: string) => alice.post('/conversations', { type: 'group', name, user_ids: [bob.id] })
  const [one, other] = [await found('Climbing'), await found('Swimming')]
  const page = await pages.enter('bob')
  await page.goto(`${pages.world.node.url}/c/${one.id}/details`)
  await page.locator('.details .member').nth(1).waitFor()
  await reach(page, 'Leave group')
  await press(page, 'Enter')
  await reach(page, 'Leave group')
  await press(page, 'Enter')
  await page.getByText('Choose a conversation').waitFor()
  await expectSeen(page)
  await within(page, '.sidebar')

  await page.goto(`${pages.world.node.url}/c/${other.id}`)
  await writing(page)
  await alice.delete(`/conversations/${other.id}/members/${bob.id}`)
  await page.getByRole('heading', { name: 'You were removed from “Swimming”' }).waitFor()
  await reach(page, 'To your conversations')
  await press(page, 'Enter')
  await page.getByText('Nobody here yet').waitFor()
  await expectSeen(page)
  await within(page, '.sidebar')
})
