// What hostile or unlucky things do not do: names that turn the line, ids that are borrowed, clocks that are wrong, keys that are part
// of a word, a step back from what lies over the page.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { PASSWORD } from '../support/world.js'
import { openPages, PATIENT, PHONE } from './pages.js'

const HOUR_MS = 3_600_000
const path = (page: Page) => new URL(page.url()).pathname
const words = (page: Page) => page.locator('.messages .words').allInnerTexts()

/** Its clock goes as it should, so many hours ahead. */
async function skew(page: Page, hours: number): Promise<void> {
  await page.addInitScript((ms) => {
    const real = Date.now.bind(Date)
    Date.now = () => real() + ms
  }, hours * HOUR_MS)
  await page.reload()
  await page.locator('a.entry').first().waitFor()
}

testInBrowser('a name cannot turn what stands beside it, nor a borrowed id hide a message', async () => {
  await using pages = await openPages()
  const [alice, mallory] = await pages.world.people('alice', 'mallory')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [mallory.id] })
  const { client_id } = await alice.post(`/conversations/${id}/messages`, { content: 'by alice', client_id: ID })
  await mallory.patch('/users/me', { display_name: '\u202egod\u202c\nthe admin' })
  await mallory.post(`/conversations/${id}/messages`, { content: 'by mallory', client_id })
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await expect.poll(() => words(page), PATIENT).toEqual(['by alice', 'by mallory'])
  const names = await page.locator('.message-author, .entry-preview').allTextContents()
  expect(names.join()).toContain('god the admin')
  expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e]/)
  // In a language of the other direction, two names beside each other stay in their order.
  expect(await page.locator('.system').first().textContent()).toContain('\u2068alice of Earshot\u2069')
  expect(pages.errors).toEqual([])
})

testInBrowser('only an address of the web is a link, and what it leads to has no hold on this page', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  await bob.say(id, 'javascript:alert(1) //evil.example <a href="x">y</a> https://bank.example@evil.example/')
  await bob.say(id, 'see https://example.com/a.')
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  const links = page.locator('.words a')
  await links.waitFor()
  const found = await links.evaluateAll((all) => all.map((one) => [one.getAttribute('href'), one.getAttribute('rel')]))
  expect(found).toEqual([['https://example.com/a', 'noopener noreferrer nofollow']])
  expect((await words(page)).at(-1)).toBe('see https://example.com/a.')
  expect(pages.errors).toEqual([])
})

testInBrowser('colours follow the system as it changes, until others are chosen', async () => {
  await using pages = await openPages()
  const page = await pages.open({ colorScheme: 'light' }, '/sign-in')
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--ground'))
  const light = await ground()
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(ground, PATIENT).not.toBe(light)
  await page.emulateMedia({ colorScheme: 'light' })
  await expect.poll(ground, PATIENT).toBe(light)
  await page.evaluate(() => localStorage.setItem('earshot.theme', 'dark'))
  await page.reload()
  await expect.poll(ground, PATIENT).not.toBe(light)
})

const ID = '0a8a1c1e-6f1c-4b6f-9d5e-3a1f0c2b4d6e'

testInBrowser(
  'an address that names nothing, and a message that cannot be drawn, take nothing else with them',
  async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob')
    const { id } = await alice.post('/conversations', { type: 'group', name: 'Broken', user_ids: [bob.id] })
    const { id: other } = await alice.post('/conversations', { type: 'group', name: 'Whole', user_ids: [bob.id] })
    await bob.say(id, 'what')
    await bob.say(other, 'still here')
    const page = await pages.enter('alice')
    await page.goto(`${pages.world.node.url}/settings/constructor`)
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
    expect(pages.errors).toEqual([])

    await page.route(`**/conversations/${id}/messages*`, async (route) => {
      const answer = await route.fetch()
      await route.fulfill({
        response: answer,
        body: (await answer.text()).replaceAll(/"created_at":"[^"]*"/g, '"created_at":"never"'),
      })
    })
    await page.goto(`${pages.world.node.url}/`)
    await page.getByRole('link', { name: /^Broken/ }).click()
    await page.getByRole('heading', { name: 'Something went wrong' }).waitFor()
    await page.getByRole('link', { name: /^Whole/ }).click()
    await expect.poll(() => words(page), PATIENT).toEqual(['still here'])
  },
)

testInBrowser('the Enter that ends a composition sends nothing, in whichever order a browser tells it', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  await pages.world.group(alice, bob)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  const area = page.locator('textarea')
  await area.fill('にほん')
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    const isKept = await area.evaluate(
      (element, how) =>
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...how })),
      how,
    )
    expect(isKept).toBe(true)
  }
  expect(await area.inputValue()).toBe('にほん')
  await area.press('Enter')
  await expect.poll(() => words(page), PATIENT).toEqual(['にほん'])
})

testInBrowser(
  'with a clock that is an hour ahead or behind, files are downloaded and what is muted is so for an hour',
  async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob')
    const { id } = await pages.world.group(alice, bob)
    for (const hours of [1, -1]) {
      const page = await pages.enter('alice')
      await skew(page, hours)
      await page.locator('a.entry').click()
      await page
        .locator('input[type=file]')
        .setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') })
      await page.locator('.tray-row.here').waitFor()
      await page.locator('textarea').fill(`at ${hours}`)
      await page.locator('.composer button[type=submit]').click()
      const coming = page.waitForEvent('download')
      await page
        .locator('.message', { hasText: `at ${hours}` })
        .locator('a.file-card')
        .click()
      expect((await coming).suggestedFilename()).toBe('a.txt')

      await bob.say(id, 'what time is it')
      await page.locator('.words', { hasText: 'what time is it' }).first().waitFor()
      await page.locator('.entry-row .more-button').click()
      await page.getByRole('menuitem', { name: 'Mute for 1 hour' }).click()
      await page.locator('.entry-row .sign').getByText('Muted').waitFor({ state: 'attached' })
      const { me } = await alice.get(`/conversations/${id}`)
      expect(Math.abs(Date.parse(me.muted_until) - Date.now() - HOUR_MS)).toBeLessThan(60_000)
      await alice.patch(`/conversations/${id}/me`, { muted_until: null })
      await page.context().close()
    }
    expect(pages.errors).toEqual([])
  },
)

testInBrowser('what is muted for a while is shown so until then, without anybody doing anything', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  await alice.patch(`/conversations/${id}/me`, { muted_until: new Date(Date.now() + HOUR_MS).toISOString() })
  const page = await pages.open()
  await page.clock.install()
  await page.reload()
  await page.locator('input[name=login]').fill('alice')
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  const sign = page.locator('.entry-row .sign')
  await sign.waitFor()
  await page.clock.fastForward(HOUR_MS + 61_000)
  await sign.waitFor({ state: 'detached' })
})

testInBrowser('back closes what lies over a conversation before it leaves it', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  await bob.say(id, 'look here')
  const page = await pages.enter('alice', PHONE)
  await page.locator('a.entry').click()
  await page.locator('.message', { hasText: 'look here' }).click({ button: 'right' })
  await page.getByRole('menu').waitFor()
  await page.goBack()
  await page.getByRole('menu').waitFor({ state: 'detached' })
  expect(path(page)).toBe(`/c/${id}`)

  await page.locator('.message', { hasText: 'look here' }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Details' }).click()
  await page.getByRole('dialog').waitFor()
  await page.goBack()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(path(page)).toBe(`/c/${id}`)

  await page.goBack()
  await page.locator('a.entry').waitFor()
  expect(path(page)).toBe('/')
  // Closed by itself, it holds nobody back.
  await page.getByRole('button', { name: 'New conversation' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.locator('a.entry').click()
  await page.waitForURL(`**/c/${id}`)
  await page.goBack()
  await page.waitForURL((url) => url.pathname === '/')
  expect(pages.errors).toEqual([])
})

testInBrowser('a reply to what is taken back ends, and whoever may only read is told so', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  const secret = await alice.say(id, 'a slip of the tongue')
  const page = await pages.enter('bob')
  await page.locator('a.entry').click()
  await page.locator('.message', { hasText: 'a slip of the tongue' }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Reply' }).click()
  await page.locator('textarea').fill('my answer')
  await alice.delete(`/messages/${secret.id}`)
  await page.locator('.drafting').waitFor({ state: 'detached' })
  expect(await page.locator('textarea').inputValue()).toBe('my answer')

  await alice.patch(`/conversations/${id}/members/${bob.id}`, { role: 'viewer' })
  await page.getByText('You can read here, but not write.').waitFor()
  expect(await page.locator('textarea').count()).toBe(0)
  await alice.patch(`/conversations/${id}/members/${bob.id}`, { role: 'member' })
  await page.locator('textarea').waitFor()
  expect(await page.locator('textarea').inputValue()).toBe('my answer')
  expect(pages.errors).toEqual([])
})

testInBrowser('a message is read by all once it is known of all, and of those who come', async () => {
  await using pages = await openPages()
  const [alice, bob, carol, dave] = await pages.world.people('alice', 'bob', 'carol', 'dave')
  const { id } = await pages.world.group(alice, bob, carol)
  const page = await pages.enter('alice')
  // How far they are is asked, and the answer takes its time.
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  let asked = 0
  await page.route(`**/conversations/${id}/receipts*`, async (route) => {
    asked++
    await held
    await route.continue()
  })
  await page.locator('a.entry').click()
  const { number } = await alice.say(id, 'who has read this?')
  const read = (person: typeof bob) => person.ask('PUT', `/conversations/${id}/receipts`, { read_number: number })
  const ticks = page.locator('.message', { hasText: 'who has read this?' }).locator('.ticks')
  await ticks.waitFor()
  await read(bob)
  // Later than that, and heard for certain.
  await bob.say(id, 'I have')
  await page.locator('.words', { hasText: 'I have' }).waitFor()
  expect(await ticks.getAttribute('class')).toBe('ticks sent')
  answer()
  await read(carol)
  await page.locator('.ticks.read').waitFor()
  expect(asked).toBe(1)

  await alice.post(`/conversations/${id}/members`, { user_ids: [dave.id] })
  await expect.poll(() => asked, PATIENT).toBe(2)
  expect(pages.errors).toEqual([])
})

testInBrowser('many who are added at once are asked for at once', async () => {
  await using pages = await openPages()
  const [alice, bob, ...others] = await pages.world.people('alice', 'bob', 'carol', 'dave', 'erin', 'frank')
  const { id } = await pages.world.group(alice, bob)
  const page = await pages.enter('alice')
  await page.goto(`${pages.world.node.url}/c/${id}/details`)
  await page.locator('.member').first().waitFor()
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/v1/users')) asked.push(pathname)
  })
  await alice.post(`/conversations/${id}/members`, { user_ids: others.map((one) => one.id) })
  await page.locator('.member').nth(5).waitFor()
  // Each of them is named in the transcript as well: two ways to ask, each once.
  expect(asked.length).toBeLessThanOrEqual(3)
})
