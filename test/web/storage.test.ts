// Browsers that keep nothing, or not any more: one is in a chat all the same, as long as the page is open.
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { PASSWORD } from '../support/world.js'
import { expectAgreement, shown, write } from './agreement.js'
import { openPages } from './pages.js'

/** What a browser does to a page before anything of it runs. */
const REFUSALS: [string, () => void][] = [
  ['there is no IndexedDB', () => Object.defineProperty(globalThis, 'indexedDB', { get: () => undefined })],
  [
    'to name IndexedDB is forbidden',
    () =>
      Object.defineProperty(globalThis, 'indexedDB', {
        get: () => {
          throw new DOMException('It is forbidden', 'SecurityError')
        },
      }),
  ],
  [
    'to open IndexedDB is forbidden',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('It is forbidden', 'SecurityError')
      }
    },
  ],
  [
    'IndexedDB cannot be opened',
    () => {
      const open = IDBFactory.prototype.open
      IDBFactory.prototype.open = function (name) {
        // An older version than there is: the browser's own way to say no, some time later.
        const opening = open.call(this, name, 2)
        const refused = { error: new DOMException('It is broken', 'UnknownError') } as unknown as IDBOpenDBRequest
        opening.onsuccess = () => {
          opening.result.close()
          refused.onerror?.(new Event('error'))
        }
        return refused
      }
    },
  ],
  [
    'the disk is full',
    () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('There is no room', 'QuotaExceededError')
      }
    },
  ],
  [
    'to name localStorage is forbidden',
    () =>
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new DOMException('It is forbidden', 'SecurityError')
        },
      }),
  ],
  [
    'localStorage is full',
    () => {
      Storage.prototype.setItem = () => {
        throw new DOMException('There is no room', 'QuotaExceededError')
      }
    },
  ],
  [
    'there are no service workers, no locks and no notifications',
    () => {
      for (const name of ['serviceWorker', 'locks'])
        delete (Navigator.prototype as unknown as Record<string, unknown>)[name]
      delete (globalThis as Record<string, unknown>).Notification
    },
  ],
]

testInBrowser('whatever of its storage a browser refuses, one signs in, writes, reads, and loses nothing', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  for (const [why, refuse] of REFUSALS) {
    const { id } = await world.group(alice, bob)
    await bob.say(id, 'are you there?')
    const page = await pages.open()
    await page.addInitScript(refuse)
    await page.goto(`${world.node.url}/c/${id}`)
    await page.locator('input[name=login]').fill('alice')
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[type=submit]').click()
    await shown(page, 'are you there?').waitFor()
    await write(page, `although ${why}`)
    await shown(page, `although ${why}`).waitFor()
    await bob.say(id, 'good')
    await shown(page, 'good').waitFor()
    await page.locator('.menu-button').click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await expectAgreement(bob, id, [page], [['are you there?', 'good'], [`although ${why}`]])
    await page.context().close()
  }
  expect(pages.errors).toEqual([])
})
