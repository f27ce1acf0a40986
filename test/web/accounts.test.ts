// How somebody comes in, and goes: in words that say what to do, at the place where it can be done.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { PASSWORD } from '../support/world.js'
import { openPages, PATIENT } from './pages.js'

const GOOD = { display_name: 'Alice Marchetti', username: 'alice', email: 'alice@example.com', password: PASSWORD }

async function fill(page: Page, values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.locator(`input[name=${name}]`).fill(value)
  await page.locator('button[type=submit]').click()
}

/** What stands below a field, as it is tied to it for whoever does not see it. */
async function errorOf(page: Page, name: string): Promise<string> {
  const field = page.locator(`input[name=${name}][aria-invalid=true]`)
  await field.waitFor()
  const id = (await field.getAttribute('aria-describedby'))?.split(' ')[0] ?? ''
  return page.locator(`[id="${id}"]`).innerText()
}

const path = (page: Page) => new URL(page.url()).pathname

testInBrowser('whoever comes first signs up, is in, comes back after a reload, and signs out', async () => {
  await using pages = await openPages()
  const page = await pages.open()
  await page.waitForURL('**/sign-in')
  await page.getByRole('link', { name: 'Create an account' }).click()
  await fill(page, GOOD)
  await page.getByText('Nobody here yet').waitFor()
  expect(path(page)).toBe('/')
  await page.reload()
  await page.getByText('Nobody here yet').waitFor()
  await page.getByRole('button', { name: 'Account and appearance' }).click()
  await page.getByText('@alice').waitFor()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  // Nothing of them is left on this device.
  const kept = await page.evaluate(() => JSON.stringify(localStorage))
  expect(kept).not.toContain('Alice')
  expect(pages.errors).toEqual([])
})

testInBrowser('somebody who was sent an address signs in and is there', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await bob.say(id, 'over here')
  const page = await pages.open({}, `/c/${id}`)
  await page.waitForURL('**/sign-in')
  await fill(page, { login: 'Alice@example.com', password: PASSWORD })
  await page.locator('.messages').getByText('over here').waitFor()
  expect(path(page)).toBe(`/c/${id}`)
  await expect.poll(() => page.title(), PATIENT).toMatch(/^group .* · Earshot$/)
})

testInBrowser('a wrong password is told in a sentence, which is read out, and the next try may be right', async () => {
  await using pages = await openPages()
  await pages.world.person('alice')
  const page = await pages.open({}, '/sign-in')
  await fill(page, { login: 'alice', password: 'not mine at all' })
  const alert = page.getByRole('alert')
  await alert.waitFor()
  await expect.poll(() => alert.innerText(), PATIENT).toContain('do not go together')
  expect(path(page)).toBe('/sign-in')
  await expect.poll(() => page.locator('input[name=login]').inputValue(), PATIENT).toBe('alice')
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'alert')
  await fill(page, { password: PASSWORD })
  await page.getByText('Nobody here yet').waitFor()
})

testInBrowser('what is wrong stands below the field that it is about, and the first one has the focus', async () => {
  await using pages = await openPages()
  await pages.world.person('bob')
  const page = await pages.open({}, '/sign-up')
  await page.locator('button[type=submit]').click()
  for (const name of Object.keys(GOOD))
    await expect.poll(() => errorOf(page, name), PATIENT).toBe('Please fill this in.')
  await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.name === 'display_name')
  await fill(page, { display_name: 'B', username: '-bob', email: 'bob', password: 'short' })
  await expect.poll(() => errorOf(page, 'display_name'), PATIENT).toContain('at least 2')
  await expect.poll(() => errorOf(page, 'username'), PATIENT).toContain('Begin with a letter')
  await expect.poll(() => errorOf(page, 'email'), PATIENT).toContain('name@example.com')
  await expect.poll(() => errorOf(page, 'password'), PATIENT).toContain('at least 8')
  await fill(page, { ...GOOD, username: 'BOB' })
  await expect.poll(() => errorOf(page, 'username'), PATIENT).toContain('is taken')
  await expect.poll(() => page.locator('[aria-invalid=true]').count(), PATIENT).toBe(1)
  await fill(page, { username: 'bob2', email: 'bob@example.com' })
  await expect.poll(() => errorOf(page, 'email'), PATIENT).toContain('already')
  await fill(page, { email: 'bob2@example.com' })
  await page.getByText('Nobody here yet').waitFor()
})

testInBrowser('a password manager knows what each field is, and a password can be looked at', async () => {
  await using pages = await openPages()
  const page = await pages.open({}, '/sign-up')
  const kinds = (page: Page) =>
    page
      .locator('input')
      .evaluateAll((all) => all.map((one) => `${one.getAttribute('name')} ${one.getAttribute('autocomplete')}`))
  await page.locator('h1').waitFor()
  await expect
    .poll(() => kinds(page), PATIENT)
    .toEqual(['display_name name', 'username username', 'email email', 'password new-password'])
  await page.locator('input[name=password]').fill('secret words')
  await page.getByRole('button', { name: 'Show password' }).click()
  await expect.poll(() => page.locator('input[name=password]').getAttribute('type'), PATIENT).toBe('text')
  await page.getByRole('button', { name: 'Hide password' }).click()
  await expect.poll(() => page.locator('input[name=password]').getAttribute('type'), PATIENT).toBe('password')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await expect.poll(() => kinds(page), PATIENT).toEqual(['login username', 'password current-password'])
})

testInBrowser('a session that is ended elsewhere is told, and what was on the screen is gone', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await bob.say(id, 'between us')
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await page.locator('.messages').getByText('between us').waitFor()
  await alice.ask('DELETE', '/sessions')
  await page.getByText('Your session has ended').waitFor()
  await expect.poll(() => page.getByText('between us').count(), PATIENT).toBe(0)
})
