// Whatever can be opened where people talk is for everybody: menus, dialogs, what has failed, what waits.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { jpeg } from '../support/pictures.js'
import { found, LOOKS, watch } from './looks.js'
import { openPages, type Pages } from './pages.js'

const HUM = ['--use-fake-device-for-media-stream']

const rowOf = (page: Page, text: string) => page.locator('.message', { hasText: text })
const menuOf = async (page: Page, text: string) => {
  await rowOf(page, text).first().focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
}
const choose = async (page: Page, text: string, item: string) => {
  await menuOf(page, text)
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}
const close = async (page: Page) => {
  await page.keyboard.press('Escape')
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
}
const write = async (page: Page, text: string) => {
  await page.locator('textarea').fill(text)
  await page.locator('.composer button[type=submit]').click()
}

/** Alice at her page, in a group in which Bob has said much, shown something, and read what she said. */
async function meet({ world, enter }: Pages, options: BrowserContextOptions) {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  const session = await world.session()
  await session.query(
    "insert into messages (conversation_id, sender_id, content) select $1, $2, 'line ' || n from generate_series(1, 150) n",
    [id, bob.id],
  )
  const file = await bob.upload('wall.jpg', await jpeg())
  await bob.say(id, 'look', { attachment_ids: [file.id] })
  const mine = await alice.say(id, 'what I said')
  await bob.ask('PUT', `/conversations/${id}/receipts`, { read_number: mine.number })
  const page = await enter('alice', { ...options, permissions: ['microphone'] })
  await page.locator('a.entry').click()
  await rowOf(page, 'what I said').waitFor()
  await page.locator('.picture img').waitFor()
  return { bob, id, page, ...watch() }
}

for (const [how, options] of LOOKS) {
  testInBrowser(`axe finds nothing in what can be done with a message: ${how}`, async () => {
    await using pages = await openPages({}, HUM)
    const { page, look, faults } = await meet(pages, options)
    await menuOf(page, 'what I said')
    await look('menu of a message', page)
    await page.getByRole('menuitem', { name: 'Details' }).click()
    await page
      .getByRole('dialog')
      .getByText(/^Read /)
      .waitFor()
    await look('details of a message', page)
    await close(page)
    await choose(page, 'what I said', 'Delete …')
    await page.getByRole('button', { name: 'Delete for everyone' }).waitFor()
    await look('deleting a message', page)
    await close(page)
    await choose(page, 'what I said', 'Edit')
    await page.locator('.drafting').getByText('Edit the message').waitFor()
    await look('editing', page)
    await page.keyboard.press('Escape')
    await choose(page, 'look', 'Reply')
    await page.locator('.drafting').getByText('In reply to').waitFor()
    await look('answering', page)
    await page.keyboard.press('Escape')
    await page.locator('.picture').click()
    await page.locator('.viewer img').waitFor()
    await look('a picture, large', page)
    await page.keyboard.press('Escape')
    await page.locator('.viewer').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Record a voice message' }).click()
    await page.getByRole('timer').getByText('0:01').waitFor()
    await look('speaking', page)
    await page.getByRole('button', { name: 'Discard the recording' }).click()
    await page.context().clearPermissions()
    await page.getByRole('button', { name: 'Record a voice message' }).click()
    await page.locator('.voice [role=alert]').waitFor()
    await look('no microphone', page)
    await page.locator('.voice').getByRole('button', { name: 'Close' }).click()
    expect(found(faults)).toEqual({})
    expect(Object.keys(faults).length).toBe(8)
    expect(pages.errors).toEqual([])
  })

  testInBrowser(`axe finds nothing in what has failed, and in what waits: ${how}`, async () => {
    await using pages = await openPages({ MAX_MESSAGE_LENGTH: '60' })
    const { world } = pages
    const { bob, id, page, look, faults } = await meet(pages, options)
    await write(page, 'much longer than sixty characters, as a message must not be here')
    await page.locator('.failed-note').waitFor()
    await look('a message that was refused', page)
    await page.route('**/api/v1/uploads?*', () => undefined)
    await page.locator('input[type=file]').setInputFiles([
      { name: 'route.txt', mimeType: 'text/plain', buffer: Buffer.from('up and up') },
      { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.from('') },
    ])
    await page.locator('.tray-row.failed').waitFor()
    await write(page, 'with files')
    await page.getByText('This is sent as soon as its files are there.').waitFor()
    await look('files on their way, and a message that waits for them', page)
    await page.unroute('**/api/v1/uploads?*')

    await page.route('**/messages?*before=*', (route) => route.abort())
    await page.locator('.messages').evaluate((list) => {
      list.scrollTop = 0
    })
    await page.locator('.edge [role=alert]').waitFor()
    await bob.say(id, 'something new')
    await page.locator('.to-end .badge').waitFor()
    await look('an end that could not be loaded, and what is unread below', page)
    await bob.ask('POST', `/conversations/${id}/typing`, { typing: true })
    await page.locator('.typing-words').waitFor()
    await look('somebody types', page)

    const banner = page.locator('.banner')
    const { port } = new URL(world.node.url)
    await world.node.stop()
    await banner.getByText('Reconnecting …').waitFor()
    await look('reconnecting', page)
    await world.addNode({ PORT: port })
    await banner.getByText('Everything is up to date again.').waitFor()
    await look('back again', page)
    expect(found(faults)).toEqual({})
    expect(Object.keys(faults).length).toBe(6)
    expect(pages.errors).toEqual([])
  })
}
