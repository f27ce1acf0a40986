// What can be done with a message: answered, written anew, deleted, copied, looked at; and what is said when it cannot.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, type Pages, PHONE } from './pages.js'

async function meet({ world }: Pages): Promise<{ alice: Person; bob: Person; id: string }> {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await bob.say(id, 'shall we go?')
  return { alice, bob, id }
}

async function enter(pages: Pages, name: string, options = DESK): Promise<Page> {
  const page = await pages.enter(name, options)
  await page.locator('a.entry').click()
  await message(page, 'shall we go?').waitFor()
  return page
}

const message = (page: Page, text: string) =>
  page.locator('.message', { has: page.locator('.words').getByText(text, { exact: true }) })
const field = (page: Page) => page.locator('.composer textarea')

/** By its button, which shows when one is there. */
async function choose(page: Page, text: string, item: string): Promise<void> {
  await message(page, text).hover()
  await message(page, text).locator('.message-more').click()
  await page.getByRole('menuitem', { name: item }).click()
}

async function write(page: Page, text: string): Promise<void> {
  await field(page).fill(text)
  await field(page).press('Enter')
  await message(page, text).waitFor()
}

testInBrowser(
  'one answers a message: what is answered stands above what one writes, and in what was sent',
  async () => {
    await using pages = await openPages()
    const { bob, id } = await meet(pages)
    const page = await enter(pages, 'alice')
    await choose(page, 'shall we go?', 'Reply')
    const bar = page.locator('.drafting')
    await bar.getByText('In reply to bob of Earshot').waitFor()
    await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
    expect(await faultsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    await bar.waitFor({ state: 'detached' })
    await choose(page, 'shall we go?', 'Reply')
    await write(page, 'at noon')
    await bar.waitFor({ state: 'detached' })
    await message(page, 'at noon').locator('.quote').getByText('shall we go?').waitFor()
    await expect
      .poll(async () => (await bob.get(`/conversations/${id}/messages`)).data.at(-1).reply_to?.excerpt)
      .toBe('shall we go?')
  },
)

testInBrowser('my last message is one key away from being written anew, and the draft is kept meanwhile', async () => {
  await using pages = await openPages()
  const { bob, id } = await meet(pages)
  const page = await enter(pages, 'alice')
  await write(page, 'at nono')
  await page.locator('.message:not(.waiting) .words').getByText('at nono').waitFor()
  await field(page).press('ArrowUp')
  await page.locator('.drafting').getByText('Edit the message').waitFor()
  expect(await field(page).inputValue()).toBe('at nono')
  await field(page).fill('at noon')
  await field(page).press('Enter')
  await message(page, 'at noon').getByText('edited').waitFor()
  expect(await field(page).inputValue()).toBe('')
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data.at(-1).content).toBe('at noon')
  await field(page).fill('a draft')
  await choose(page, 'at noon', 'Edit')
  expect(await field(page).inputValue()).toBe('at noon')
  await page.keyboard.press('Escape')
  expect(await field(page).inputValue()).toBe('a draft')
  // What somebody else has written is not mine to write anew.
  await message(page, 'shall we go?').hover()
  await message(page, 'shall we go?').locator('.message-more').click()
  await page.getByRole('menuitem', { name: 'Reply' }).waitFor()
  expect(await page.getByRole('menuitem', { name: 'Edit' }).count()).toBe(0)
})

testInBrowser('when it is too late to edit or to delete for everyone, that is said, and nothing is lost', async () => {
  await using pages = await openPages({ EDIT_WINDOW: '1s', DELETE_WINDOW: '1s' })
  const { alice, id } = await meet(pages)
  const page = await enter(pages, 'bob')
  const session = await pages.world.session()
  await session.query("update messages set created_at = now() - interval '1 hour' where conversation_id = $1", [id])
  await choose(page, 'shall we go?', 'Edit')
  await field(page).fill('shall we stay?')
  await field(page).press('Enter')
  await page.locator('.drafting').getByText('It is too late to edit this message.').waitFor()
  expect(await field(page).inputValue()).toBe('shall we stay?')
  await page.keyboard.press('Escape')
  await choose(page, 'shall we go?', 'Delete')
  await page.getByRole('button', { name: 'Delete for everyone' }).click()
  await page.getByRole('dialog').getByText('It is too late to delete this message for everyone.').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.getByRole('button', { name: 'Delete for me' }).click()
  await message(page, 'shall we go?').waitFor({ state: 'detached' })
  // Nobody loses the place where they are.
  await page.waitForFunction(() => document.activeElement !== document.body)
  expect((await alice.get(`/conversations/${id}/messages`)).data.at(-1).content).toBe('shall we go?')
})

testInBrowser('a message is deleted for everyone, or for me alone, once that is confirmed', async () => {
  await using pages = await openPages()
  const { bob, id } = await meet(pages)
  const page = await enter(pages, 'alice')
  await write(page, 'never mind')
  await page.locator('.message:not(.waiting) .words').getByText('never mind').waitFor()
  await choose(page, 'never mind', 'Delete')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await message(page, 'never mind').waitFor()
  await choose(page, 'never mind', 'Delete')
  await page.getByRole('button', { name: 'Delete for everyone' }).click()
  await page.locator('.message .deleted').waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const last = async () => (await bob.get(`/conversations/${id}/messages`)).data.at(-1)
  expect((await last()).deleted_at).not.toBe(null)
  // A tombstone has nothing to copy, to answer or to edit.
  await page.locator('.message:has(.deleted)').click({ button: 'right' })
  expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Details', 'Delete …'])
  await page.keyboard.press('Escape')
  await choose(page, 'shall we go?', 'Delete')
  await page.getByRole('button', { name: 'Delete for me' }).click()
  await message(page, 'shall we go?').waitFor({ state: 'detached' })
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data.map(({ content }: { content: string | null }) => content)).toContain('shall we go?')
})

testInBrowser('its details say who has read it, and its text can be copied', async () => {
  await using pages = await openPages()
  const { bob, id } = await meet(pages)
  const page = await enter(pages, 'alice')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await write(page, 'all of you')
  await page.locator('.message:not(.waiting) .words').getByText('all of you').waitFor()
  const { message_number } = await bob.get(`/conversations/${id}`)
  await choose(page, 'all of you', 'Details')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Not delivered yet').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.keyboard.press('Escape')
  await bob.ask('PUT', `/conversations/${id}/receipts`, { read_number: message_number })
  await page.locator('.ticks.read').waitFor()
  await choose(page, 'all of you', 'Details')
  await dialog.getByText('bob of Earshot').waitFor()
  await dialog.getByText(/^Read /).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await choose(page, 'all of you', 'Copy the text')
  await page.getByText('The text is copied.').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('all of you')
})

testInBrowser('a long touch opens the menu on a phone, which stays within the screen', async () => {
  await using pages = await openPages()
  await meet(pages)
  const page = await enter(pages, 'alice', PHONE)
  const box = await message(page, 'shall we go?').locator('.bubble').boundingBox()
  const at = { clientX: (box?.x ?? 0) + 20, clientY: (box?.y ?? 0) + 10, pointerType: 'touch' }
  const bubble = message(page, 'shall we go?').locator('.bubble')
  // A finger that moves scrolls.
  await bubble.dispatchEvent('pointerdown', { ...at, bubbles: true })
  await bubble.dispatchEvent('pointermove', { ...at, clientY: at.clientY + 40, bubbles: true })
  await bubble.dispatchEvent('pointerup', { ...at, bubbles: true })
  await bubble.dispatchEvent('pointerdown', { ...at, bubbles: true })
  const menu = page.getByRole('menu')
  await menu.waitFor()
  const { x, y, width, height } = (await menu.boundingBox()) ?? { x: -1, y: -1, width: 0, height: 0 }
  expect([x >= 0, y >= 0, x + width <= 390, y + height <= 844]).toEqual([true, true, true, true])
  expect(await faultsOf(page)).toEqual([])
  await page.getByRole('menuitem', { name: 'Reply' }).click()
  await page.locator('.drafting').waitFor()
})
