// One browser, two people after each other: nothing of the first is there for the second.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { PASSWORD } from '../support/world.js'
import { openPages } from './pages.js'

const path = (page: Page) => new URL(page.url()).pathname

async function comeIn(page: Page, name: string): Promise<void> {
  await page.waitForURL('**/sign-in')
  await page.locator('input[name=login]').fill(name)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('a.entry').first().waitFor()
}

testInBrowser(
  'whoever signs in after another one finds neither their draft nor the place where they were',
  async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob')
    const { id } = await pages.world.group(alice, bob)
    const page = await pages.enter('alice')
    await page.locator('a.entry').click()
    await page.locator('textarea').fill('what only alice may know')
    // It waits for her as long as she is here.
    await page.goBack()
    await page.locator('a.entry').click()
    expect(await page.locator('textarea').inputValue()).toBe('what only alice may know')

    await page.getByRole('button', { name: 'Account and appearance' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await comeIn(page, 'bob')
    expect(path(page)).toBe('/')
    await page.locator('a.entry').click()
    await page.waitForURL(`**/c/${id}`)
    expect(await page.locator('textarea').inputValue()).toBe('')
    expect(pages.errors).toEqual([])
  },
)

testInBrowser('whose session has ended comes back to where they were; another one begins at the start', async () => {
  await using pages = await openPages()
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await page.locator('textarea').waitFor()

  await alice.delete('/sessions')
  await comeIn(page, 'alice')
  await page.waitForURL(`**/c/${id}`)
  await page.locator('textarea').waitFor()

  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  await alice.delete('/sessions')
  await comeIn(page, 'bob')
  expect(path(page)).toBe('/')
  expect(await page.getByRole('combobox').count()).toBe(0)
  expect(pages.errors).toEqual([])
})
