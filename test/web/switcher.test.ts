// From anywhere to any conversation or person, without a mouse.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, PHONE } from './pages.js'

const field = (page: Page) => page.getByRole('combobox', { name: 'Conversation or person' })
const chosen = (page: Page) => page.locator('[role=option][aria-selected=true]').innerText()

/** What a screen reader is told to be in. */
const active = (page: Page) =>
  page.evaluate(() => {
    const id = document.activeElement?.getAttribute('aria-activedescendant')
    return id ? document.getElementById(id)?.innerText : undefined
  })

testInBrowser('by keys alone one gets to a conversation, an archived one too, and back', async () => {
  await using pages = await openPages()
  const [alice, bob, carol] = await pages.world.people('alice', 'bob', 'carol')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  const { id: direct } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  await bob.say(direct, 'psst')
  await bob.say(id, 'up there')
  const page = await pages.enter('alice')
  await page.locator('a.entry').nth(1).waitFor()
  await page.keyboard.press('Control+k')
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'combobox')
  // As in the list, and around its end.
  expect(await chosen(page)).toContain('Climbing')
  await page.keyboard.press('ArrowDown')
  expect(await chosen(page)).toContain('bob of Earshot')
  expect(await active(page)).toBe(await chosen(page))
  await page.keyboard.press('ArrowDown')
  expect(await chosen(page)).toContain('Climbing')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/c/${direct}`)
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')

  // Also from where one writes; Escape goes back there.
  await page.keyboard.press('Control+k')
  await page.keyboard.type('clímb')
  expect(await chosen(page)).toContain('Climbing')
  await page.keyboard.press('Escape')
  await field(page).waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA')
  expect(await page.locator('textarea').inputValue()).toBe('')

  await page.keyboard.press('Control+k')
  await page.keyboard.type('carol')
  await page.getByRole('option', { name: /carol of Earshot/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('.pane').getByRole('heading', { name: 'carol of Earshot' }).waitFor()
  const { data } = await carol.get('/conversations')
  expect(data.length).toBe(1)
  expect(pages.errors).toEqual([])
})

testInBrowser('whatever is called like nothing and nobody is said to be', async () => {
  await using pages = await openPages()
  await pages.world.people('alice')
  const page = await pages.enter('alice')
  await page.getByText('Nobody here yet').waitFor()
  await page.getByRole('button', { name: /^Go to a conversation or person/ }).click()
  await field(page).fill('nobody at all')
  await page.getByText('Nothing and nobody is called that.').waitFor()
  expect(await field(page).getAttribute('aria-activedescendant')).toBeNull()
  await page.keyboard.press('Enter')
  expect(await field(page).count()).toBe(1)
  await page.keyboard.press('Escape')
  // A dialog that is open keeps its place.
  await page.getByRole('button', { name: 'New conversation' }).first().click()
  await page.keyboard.press('Control+k')
  expect(await page.getByRole('dialog').count()).toBe(1)
})

for (const [look, options] of [
  ['light, on a desk', { ...DESK, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
  ['in Arabic', { ...DESK, locale: 'ar' }],
] as const) {
  testInBrowser(`axe finds nothing in the switcher: ${look}`, async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob', 'bobby')
    await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
    const page = await pages.enter('alice', options)
    await page.locator('a.entry').waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('bob')
    await page.locator('[role=option]').nth(1).waitFor()
    expect(await faultsOf(page)).toEqual([])
  })
}
