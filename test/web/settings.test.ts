// What somebody sets for themselves: what others see of them, where they are signed in, and how this device behaves.
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, PHONE } from './pages.js'

const dialog = (page: Page) => page.getByRole('dialog')

async function openPart(page: Page, part: string): Promise<void> {
  await page.locator('.menu-button').click()
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  await page.getByRole('link', { name: part }).click()
  await page.getByRole('heading', { name: part }).waitFor()
}

testInBrowser('what I say of myself is what others see, once it is what it should be', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  await alice.say(id, 'hello')
  const other = await pages.enter('bob')
  await other.getByRole('link', { name: /alice of Earshot/ }).waitFor()
  const page = await pages.enter('alice')
  await openPart(page, 'Profile')
  await page.getByLabel('Your name').fill('A')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Please use at least 2 characters.').waitFor()
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('display_name')
  await page.getByLabel('Your name').fill('Alice Liddell')
  await page.getByLabel('About you').fill('Down the hole')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  const buffer = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#993366' } })
    .png()
    .toBuffer()
  await page.locator('input[type=file]').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer })
  await page.getByText('The picture was changed.').waitFor()
  await page.locator('.chosen-picture img').waitFor()
  await page.getByRole('button', { name: 'Remove picture' }).click()
  await page.locator('.chosen-picture img').waitFor({ state: 'detached' })
  await page.getByLabel('How others see you').selectOption({ label: 'Busy' })
  await expect.poll(async () => (await alice.get('/users/me/presence')).status).toBe('busy')

  const seen = await bob.get(`/users/${alice.id}`)
  expect([seen.display_name, seen.bio]).toEqual(['Alice Liddell', 'Down the hole'])
  await other.reload()
  await other.getByRole('link', { name: /Alice Liddell/ }).waitFor()
  expect(pages.errors).toEqual([])
})

testInBrowser('an address that is taken is refused where it stands', async () => {
  await using pages = await openPages()
  const [alice] = await pages.world.people('alice', 'bob')
  const page = await pages.enter('alice')
  await openPart(page, 'Account')
  await page.getByLabel('E-mail').fill('bob@example.com')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.field-error').getByText('There is an account with this e-mail address already.').waitFor()
  await page.getByLabel('E-mail').fill('alice@example.org')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  expect((await alice.get('/users/me')).email).toBe('alice@example.org')
})

testInBrowser('an account is deleted only by whoever writes its name', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const page = await pages.enter('alice')
  await openPart(page, 'Account')
  await page.getByRole('button', { name: 'Delete account' }).click()
  await dialog(page)
    .getByLabel(/Write your username/)
    .fill('bob')
  await dialog(page).getByRole('button', { name: 'Delete account' }).click()
  await dialog(page).getByText('This is not your username.').waitFor()
  expect((await bob.get(`/users/${alice.id}`)).deleted).toBe(false)
  await dialog(page)
    .getByLabel(/Write your username/)
    .fill('Alice')
  await dialog(page).getByRole('button', { name: 'Delete account' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect((await bob.ask('GET', `/users/${alice.id}`)).status).toBe(404)
})

testInBrowser('a session that is ended here is over there, and all others by one click', async () => {
  await using pages = await openPages()
  const { world } = pages
  const alice = await world.person('alice')
  await world.device(alice)
  const other = await pages.enter('alice', PHONE)
  const page = await pages.enter('alice')
  await openPart(page, 'Devices')
  const rows = page.locator('.member')
  await rows.nth(3).waitFor()
  expect(await rows.first().innerText()).toContain('This device')
  expect(await rows.first().getByRole('button').count()).toBe(0)
  // The other browser is the one that came last but one.
  await rows
    .nth(1)
    .getByRole('button', { name: /^End session/ })
    .click()
  await other.getByText('Your session has ended.').waitFor()
  await expect.poll(() => rows.count()).toBe(3)
  await page.getByRole('button', { name: 'End all other sessions' }).click()
  await dialog(page).getByRole('button', { name: 'End all other sessions' }).click()
  await expect.poll(() => rows.count()).toBe(1)
  expect((await alice.ask('GET', '/users/me')).status).toBe(401)
  // This one goes on.
  await page.reload()
  await rows.first().getByText('This device').waitFor()
})

testInBrowser('whom I have blocked stands in a list, from which I let them go', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  await alice.ask('PUT', `/blocks/${bob.id}`)
  const page = await pages.enter('alice')
  await openPart(page, 'Blocked people')
  await page.getByRole('button', { name: /^Unblock bob of Earshot/ }).click()
  await page.getByRole('heading', { name: 'Nobody is blocked' }).waitFor()
  expect((await alice.get('/blocks')).data).toEqual([])
})

testInBrowser('colours and language are chosen here too, and kept', async () => {
  await using pages = await openPages()
  await pages.world.people('alice')
  const page = await pages.enter('alice', { ...DESK, colorScheme: 'light' })
  await openPart(page, 'Appearance and language')
  await page.getByRole('radio', { name: 'Dark' }).check()
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
  await page.getByRole('radio', { name: 'العربية' }).check()
  await page.getByRole('heading', { name: 'المظهر واللغة' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'المظهر واللغة' }).waitFor()
  expect(await page.evaluate(() => [document.documentElement.dir, document.documentElement.dataset.theme])).toEqual([
    'rtl',
    'dark',
  ])
})

testInBrowser('settings that there are not say so, and from all of them one comes back by keys', async () => {
  await using pages = await openPages()
  await pages.world.people('alice')
  const page = await pages.enter('alice', PHONE)
  await page.locator('.menu-button').click()
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Devices' }).click()
  await page.locator('.member').first().waitFor()
  await page.getByRole('button', { name: 'Back', exact: true }).click()
  await page.waitForFunction(() => document.activeElement?.getAttribute('href') === '/settings/devices')
  await page.getByRole('button', { name: 'Back to the conversations' }).click()
  await page.waitForFunction(() => document.activeElement?.className === 'menu-button')
  await page.goto(`${pages.world.node.url}/settings/nothing`)
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
})

for (const [look, options] of [
  ['light, on a desk', { ...DESK, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
  ['in Arabic', { ...DESK, locale: 'ar' }],
  ['at 320 px', { viewport: { width: 320, height: 568 } }],
] as const) {
  testInBrowser(`axe finds nothing in the settings: ${look}`, async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob')
    await alice.ask('PUT', `/blocks/${bob.id}`)
    await pages.world.device(alice)
    const page = await pages.enter('alice', options)
    const faults: Record<string, string[]> = {}
    for (const part of ['', '/profile', '/account', '/devices', '/blocked', '/notifications', '/appearance']) {
      await page.goto(`${pages.world.node.url}/settings${part}`)
      await page
        .locator(part ? '.part-body > *' : '.entry.part')
        .first()
        .waitFor()
      if (part === '/devices' || part === '/blocked') await page.locator('.member').first().waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
      faults[part] = await faultsOf(page)
    }
    expect(Object.values(faults).flat()).toEqual([])
    expect(Object.keys(faults).length).toBe(7)
  })
}
