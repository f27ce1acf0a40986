// What two people see of one conversation, against what the server has of it.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Person } from '../support/person.js'
import { PATIENT } from './pages.js'

/** High enough that every row of a short conversation is drawn. */
export const TALL = { viewport: { width: 1280, height: 2_400 } }

export type Line = { id: string; number: number; content: string; sender_id: string }

export const words = (page: Page) => page.locator('.message .words').allInnerTexts()
export const shown = (page: Page, text: string | RegExp) => page.locator('.messages').getByText(text, { exact: true })
export const banner = (page: Page) => page.locator('.banner')

/** By keys, as one does who does not wait for anything. */
export async function write(page: Page, ...texts: string[]): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message' })
  for (const text of texts) {
    await field.fill(text)
    await field.press('Enter')
  }
}

/** What people have said, in the order of the server. */
export async function historyOf(person: Person, id: string): Promise<Line[]> {
  const { data } = await person.get(`/conversations/${id}/messages?limit=100`)
  return data.filter((one: Line) => one.sender_id !== null)
}

/** Mine that the page calls sent: neither waiting nor refused. */
export const calledSent = (page: Page) =>
  page.locator('.message.mine:not(.waiting):not(.failed) .words').allInnerTexts()

/**
 * Both pages show the same messages in the same order as the server has them: these, each once, those of one author in their
 * order, and none of them pending.
 */
export async function expectAgreement(
  person: Person,
  id: string,
  screens: readonly Page[],
  written: readonly (readonly string[])[],
): Promise<void> {
  const contents = async () => (await historyOf(person, id)).map(({ content }) => content)
  await expect.poll(async () => (await contents()).sort(), PATIENT).toEqual(written.flat().sort())
  const agreed = await contents()
  for (const texts of written) expect(agreed.filter((one) => texts.includes(one))).toEqual(texts)
  for (const page of screens) {
    await expect.poll(() => words(page), PATIENT).toEqual(agreed)
    await expect.poll(() => page.locator('.message.waiting, .message.failed').count(), PATIENT).toBe(0)
  }
}

/** It takes its time to appear: what is over at once is not worth a word, nor that it is over. */
export const untilSeen = (page: Page) =>
  banner(page).evaluate((element) => Promise.all(element.getAnimations().map((one) => one.finished)))

/** What the SDK keeps of this conversation's messages: it does so with the next checkpoint. */
export const kept = (page: Page, id: string): Promise<number> =>
  page.evaluate(
    (id) =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('earshot', 1)
        opening.onerror = () => reject(opening.error)
        opening.onsuccess = () => {
          const value = opening.result.transaction('kept').objectStore('kept').get(`conversation:${id}`)
          value.onsuccess = () => resolve(value.result?.messages?.length ?? 0)
          opening.result.close()
        }
      }),
    id,
  )

/** The page itself is kept by its worker. */
export async function untilKept(page: Page, id: string, count: number): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  await expect.poll(() => kept(page, id), { timeout: 20_000 }).toBeGreaterThanOrEqual(count)
}
