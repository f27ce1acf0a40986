// Voice messages: spoken on the page, with a microphone of the browser's own that hums.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, type Pages } from './pages.js'

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 })
const HUM = ['--use-fake-device-for-media-stream']
const LISTENED: BrowserContextOptions = { ...DESK, permissions: ['microphone'] }

async function begin(pages: Pages, options: BrowserContextOptions = LISTENED) {
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  const page = await pages.enter('alice', options)
  await page.locator('a.entry').click()
  const messages = async () =>
    (await bob.get(`/conversations/${id}/messages`)).data.filter((one: Sent) => one.sender_id)
  return { page, bob, id, messages }
}
type Sent = { sender_id: string | null; type: string; attachments: { kind: string; duration_ms: number | null }[] }

const record = (page: Page) => page.getByRole('button', { name: 'Record a voice message' })
/** Until so many seconds have been spoken. */
const spoken = (page: Page, seconds: number) =>
  eventually(() => page.getByRole('timer').innerText()).toBe(`0:0${seconds}`)

testInBrowser('a click begins, the sound is seen, and the other one hears it', async () => {
  await using pages = await openPages({}, HUM)
  const { page, messages } = await begin(pages)
  const other = await pages.enter('bob')
  await other.locator('a.entry').click()
  await record(page).click()
  await spoken(page, 2)
  const heights = await page
    .locator('.voice .wave rect')
    .evaluateAll((all) => all.map((one) => one.getAttribute('height')))
  expect(new Set(heights).size).toBeGreaterThan(1)
  expect(await faultsOf(page)).toEqual([])
  await page.getByRole('button', { name: 'Send the voice message' }).click()
  // One writes again where one was.
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
  const player = other.getByRole('group', { name: 'Voice message' })
  await player.waitFor()
  const [{ type, attachments }] = await messages()
  expect([type, attachments[0].kind]).toEqual(['voice', 'voice'])
  await eventually(() => player.getByRole('slider').getAttribute('aria-valuetext')).toMatch(
    /^0:00 of 0:(0[1-9]|[1-5]\d)$/,
  )
  await player.getByRole('button', { name: 'Play' }).click()
  await eventually(() => player.getByRole('slider').inputValue().then(Number)).toBeGreaterThan(0)
  expect(pages.errors).toEqual([])
})

testInBrowser('whoever holds the button lets go to send', async () => {
  await using pages = await openPages({}, HUM)
  const { page, messages } = await begin(pages)
  await record(page).hover()
  await page.mouse.down()
  await spoken(page, 1)
  await page.mouse.up()
  await eventually(async () => (await messages()).length).toBe(1)
  await record(page).waitFor()
})

testInBrowser('by keys it is begun, discarded and sent; what is discarded is not sent', async () => {
  await using pages = await openPages({}, HUM)
  const { page, messages } = await begin(pages)
  for (const end of ['Escape', 'Discard the recording']) {
    await record(page).focus()
    await page.keyboard.press('Enter')
    await spoken(page, 1)
    if (end === 'Escape') await page.keyboard.press(end)
    else await page.getByRole('button', { name: end }).click()
    await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
  }
  await record(page).focus()
  await page.keyboard.press('Enter')
  await spoken(page, 1)
  // The button that sends has the focus.
  await page.keyboard.press('Enter')
  await eventually(async () => (await messages()).length).toBe(1)
})

testInBrowser('whoever has only touched the button may still discard, however quick they were', async () => {
  await using pages = await openPages({}, HUM)
  const { page, messages } = await begin(pages)
  // Both before anything is drawn.
  await record(page).evaluate((button) => {
    for (const type of ['pointerdown', 'pointerup'])
      button.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0 }))
  })
  await spoken(page, 1)
  await page.getByRole('button', { name: 'Discard the recording' }).click()
  await page.locator('textarea').fill('words')
  await page.keyboard.press('Enter')
  await eventually(async () => (await messages()).length).toBeGreaterThan(0)
  await record(page).waitFor()
  expect((await messages()).map(({ type }: Sent) => type)).toEqual(['text'])
  expect(await page.locator('.player, .tray-row').count()).toBe(0)
})

testInBrowser('a microphone that is not allowed is told in words', async () => {
  await using pages = await openPages({}, HUM)
  const { page } = await begin(pages, DESK)
  await record(page).click()
  const alert = page.locator('.voice [role=alert]')
  await alert.waitFor()
  expect(await alert.innerText()).toContain('does not let this page use the microphone')
  await page.keyboard.press('Enter')
  await record(page).waitFor()
})

testInBrowser('whoever has begun to write sends words, not sound', async () => {
  await using pages = await openPages({}, HUM)
  const { page } = await begin(pages)
  await record(page).waitFor()
  await page.locator('textarea').fill('words')
  await record(page).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('.words', { hasText: 'words' }).waitFor()
  await record(page).waitFor()
})
