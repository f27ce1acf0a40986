// Whoever does not look is told: by the system, if they want that, and only of what they want to hear of.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { openPages } from './pages.js'

/** A browser that a test controls is never in the background: the page is told that it is. */
const hide = (page: Page) =>
  page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
const show = (page: Page) =>
  page.evaluate(() => {
    Reflect.deleteProperty(document, 'visibilityState')
    document.dispatchEvent(new Event('visibilitychange'))
  })

/** What the system shows of this page. */
const told = (page: Page) =>
  page.evaluate(async () => {
    const all = await (await navigator.serviceWorker.ready).getNotifications()
    return all.map(({ title, body }) => `${title}: ${body}`)
  })

testInBrowser('what was told goes with the session, though nobody looks', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  const page = await pages.enter('alice')
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.context().grantPermissions(['notifications'])
  await page.evaluate(() => localStorage.setItem('earshot.desktop', 'on'))
  await page.reload()
  await page.locator('a.entry').waitFor()
  await hide(page)
  await bob.say(id, 'for alice alone')
  await expect.poll(() => told(page)).toHaveLength(1)
  await alice.delete('/sessions')
  await page.waitForURL('**/sign-in')
  await expect.poll(() => told(page)).toEqual([])
})

testInBrowser('a hidden page tells of a message, and of none that its conversation is to be silent about', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  const page = await pages.enter('alice')
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.context().grantPermissions(['notifications'])
  await page.goto(`${pages.world.node.url}/settings/notifications`)
  const desktop = page.getByRole('switch', { name: 'Notifications of the system' })
  await desktop.waitFor()
  expect(await desktop.isChecked()).toBe(false)
  // Nobody has asked for it yet.
  await hide(page)
  await bob.say(id, 'too early')
  await expect.poll(() => page.title()).toContain('(1)')
  expect(await told(page)).toEqual([])
  await show(page)
  await desktop.click()
  await expect.poll(() => desktop.isChecked()).toBe(true)

  // Somebody who looks needs no telling.
  await bob.say(id, 'looked at')
  await hide(page)
  await bob.say(id, 'up there')
  await expect.poll(() => told(page)).toEqual(['Climbing: bob of Earshot: up there'])
  // One for each conversation, the newest; and none any more for whoever looks.
  await bob.say(id, 'and again')
  await expect.poll(() => told(page)).toEqual(['Climbing: bob of Earshot: and again'])
  await show(page)
  await expect.poll(() => told(page)).toEqual([])

  await hide(page)
  const settings: [object, string, boolean][] = [
    [{ notifications: 'none' }, '@alice one', false],
    [{ notifications: 'mentions' }, 'two', false],
    [{ notifications: 'mentions' }, 'for @alices three', false],
    [{ notifications: 'mentions' }, 'for @Alice. four', true],
    [{ notifications: 'all', muted_until: '2099-01-01T00:00:00.000Z' }, 'five', false],
    [{ muted_until: null, desktop_notifications: false }, 'six', false],
    [{ desktop_notifications: true }, 'seven', true],
  ]
  for (const [wish, text, isTold] of settings) {
    await alice.patch(`/conversations/${id}/me`, wish)
    await bob.say(id, text)
    // Later than it, and heard for certain.
    const { id: mark } = await bob.post('/conversations', { type: 'group', name: text, user_ids: [alice.id] })
    await bob.say(mark, 'mark')
    await expect.poll(() => told(page)).toContain(`${text}: bob of Earshot: mark`)
    expect((await told(page)).includes(`Climbing: bob of Earshot: ${text}`)).toBe(isTold)
    await show(page)
    await expect.poll(() => told(page)).toEqual([])
    await hide(page)
  }
  expect(pages.errors).toEqual([])
})

testInBrowser('where the browser refuses, the switch says so and does nothing', async () => {
  await using pages = await openPages()
  await pages.world.people('alice')
  const page = await pages.enter('alice')
  await page.addInitScript(() => {
    Object.defineProperty(Notification, 'permission', { get: () => 'denied' })
  })
  await page.goto(`${pages.world.node.url}/settings/notifications`)
  await page.getByText('The browser does not allow it.').waitFor()
  expect(await page.getByRole('switch', { name: 'Notifications of the system' }).isDisabled()).toBe(true)
})

testInBrowser(
  'a tone sounds for what is not on the screen, once for many, and not when it is switched off',
  async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob')
    const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
    const { id: other } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
    const page = await pages.enter('alice')
    // Two notes are one tone.
    await page.addInitScript(() => {
      const { start } = OscillatorNode.prototype
      Object.assign(window, { notes: 0 })
      OscillatorNode.prototype.start = function (...when) {
        Object.assign(window, { notes: (window as unknown as { notes: number }).notes + 1 })
        return start.apply(this, when)
      }
    })
    const notes = () => page.evaluate(() => (window as unknown as { notes: number }).notes)
    await page.goto(`${pages.world.node.url}/c/${id}`)
    await page.locator('.composer textarea').click()
    await bob.say(id, 'read at once')
    await page.locator('.words', { hasText: 'read at once' }).waitFor()
    expect(await notes()).toBe(0)
    await bob.say(other, 'psst')
    await bob.say(other, 'psst, once more')
    await page.getByRole('link', { name: /psst, once more.*2 unread messages/ }).waitFor()
    await expect.poll(notes).toBe(2)
    await page.goto(`${pages.world.node.url}/settings/notifications`)
    await page.getByRole('switch', { name: 'Sound for new messages' }).click()
    await page.goto(`${pages.world.node.url}/c/${id}`)
    await page.locator('.composer textarea').click()
    await bob.say(other, 'unheard')
    await page.getByRole('link', { name: /3 unread messages/ }).waitFor()
    expect(await notes()).toBe(0)
  },
)
