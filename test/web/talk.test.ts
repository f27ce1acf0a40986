// Two people talk, each in a browser: what one writes the other sees, whatever the network does meanwhile.
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { kept } from './agreement.js'
import { openPages, PATIENT, PHONE } from './pages.js'

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** It takes its time to appear: what is over at once is not worth a word, nor that it is over. */
const untilSeen = (banner: Locator) =>
  banner.evaluate((element) => Promise.all(element.getAnimations().map((one) => one.finished)))

const shown = (page: Page, text: string | RegExp) => page.locator('.messages').getByText(text, { exact: true })
const words = (page: Page) => page.locator('.words').allInnerTexts()
const unread = (page: Page) => page.locator('.entry .badge')

testInBrowser('one finds the other, writes, and is answered', async () => {
  await using pages = await openPages()
  await pages.world.people('alice', 'bob')
  const alice = await pages.enter('alice')
  const bob = await pages.enter('bob', PHONE)
  await alice.getByRole('navigation').getByRole('button', { name: 'New conversation' }).click()
  await alice.getByLabel('Find people').fill('nobody at all')
  await alice.getByText('Nobody is called').waitFor()
  await alice.getByLabel('Find people').fill('bob')
  await alice.getByRole('button', { name: /bob of Earshot/ }).click()
  await write(alice, 'Hello, Bob!')
  await shown(alice, 'Hello, Bob!').waitFor()

  await bob.getByText('Hello, Bob!').waitFor()
  await expect.poll(() => unread(bob).innerText(), PATIENT).toContain('1 unread message')
  await expect.poll(() => bob.title(), PATIENT).toBe('(1) Earshot')
  await bob.getByRole('link', { name: /alice of Earshot/ }).click()
  await shown(bob, 'Hello, Bob!').waitFor()
  // Read, here and for every other device.
  await bob.waitForFunction(() => !document.title.startsWith('('))
  await write(bob, 'Hello, Alice!')
  await shown(alice, 'Hello, Alice!').waitFor()
  await expect.poll(() => words(alice), PATIENT).toEqual(['Hello, Bob!', 'Hello, Alice!'])
  await expect.poll(() => alice.locator('.message.mine .words').allInnerTexts(), PATIENT).toEqual(['Hello, Bob!'])
  // Where there is no room for two panes, one goes back to the list.
  await expect.poll(() => bob.locator('.sidebar').isVisible(), PATIENT).toBe(false)
  await bob.getByRole('button', { name: 'Back' }).click()
  await expect.poll(() => bob.locator('.sidebar').isVisible(), PATIENT).toBe(true)
  await unread(bob).waitFor({ state: 'detached' })
  expect(pages.errors).toEqual([])
})

testInBrowser('a group is created with whoever was chosen, once it has a name and somebody in it', async () => {
  await using pages = await openPages()
  await pages.world.people('alice', 'bob', 'carol')
  const bob = await pages.enter('bob')
  const alice = await pages.enter('alice')
  await alice.getByRole('button', { name: 'New conversation' }).first().click()
  await alice.getByLabel('A group').check()
  await alice.getByRole('button', { name: 'Create group' }).click()
  await alice.getByText('Please fill this in.').waitFor()
  await alice.getByLabel('Name of the group').fill('Climbing')
  await alice.getByRole('button', { name: 'Create group' }).click()
  await alice.getByText('Choose at least one person.').waitFor()
  for (const name of ['bob', 'carol']) {
    await alice.getByLabel('Find people').fill(name)
    await alice.getByRole('button', { name: new RegExp(`^${name} of Earshot @`) }).click()
  }
  await alice.getByRole('button', { name: 'Remove carol of Earshot' }).click()
  await alice.getByRole('button', { name: 'Create group' }).click()
  await alice.getByText('2 members').waitFor()
  await bob.getByRole('link', { name: /Climbing/ }).click()
  await shown(bob, /^\u2068alice of Earshot\u2069 created the group “\u2068Climbing\u2069”$/).waitFor()
})

testInBrowser('what is written without a connection waits, is said to wait, and arrives once', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await bob.say(id, 'are you there?')
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await shown(page, 'are you there?').waitFor()
  // By then the page itself is kept, and what it shows.
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect.poll(() => kept(page, id), { timeout: 20_000 }).toBe(2)
  await page.context().setOffline(true)
  await write(page, 'in a tunnel')
  const banner = page.locator('.banner')
  await banner.getByText('You are offline. 1 message waits to be sent.').waitFor()
  await page.locator('.message').getByText('Waits for a connection').waitFor({ state: 'attached' })

  // Also over a reload: the page, what was said, who said it, and what is unsent are all here.
  await page.reload()
  await shown(page, 'are you there?').waitFor()
  await shown(page, 'in a tunnel').waitFor()
  await expect.poll(() => page.locator('.message-author').innerText(), PATIENT).toBe('bob of Earshot')
  await banner.getByText('You are offline. 1 message waits to be sent.').waitFor()
  await untilSeen(banner)
  await bob.say(id, 'hello?')
  await page.context().setOffline(false)
  await shown(page, 'hello?').waitFor()
  await banner.getByText('Everything is up to date again.').waitFor()
  await page.waitForFunction(() => !document.querySelector('.message.waiting'))
  await expect.poll(() => words(page), PATIENT).toEqual(['are you there?', 'hello?', 'in a tunnel'])
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data.map(({ content }: { content: string }) => content).slice(-3)).toEqual([
    'are you there?',
    'hello?',
    'in a tunnel',
  ])
  await banner.waitFor({ state: 'detached' })
  expect(pages.errors).toEqual([])
})

testInBrowser('a server that goes away is said to be gone, and when it is back so is everything', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await page.locator('.composer').waitFor()
  const { port } = new URL(world.node.url)
  await world.node.stop()
  const banner = page.locator('.banner')
  await banner.getByText('Reconnecting …').waitFor()
  await write(page, 'is anybody there?')
  await banner.getByText('Reconnecting … 1 message waits to be sent.').waitFor()
  await untilSeen(banner)
  const node = await world.addNode({ PORT: port })
  bob.url = node.url
  await bob.say(id, 'I am')
  await shown(page, 'I am').waitFor()
  await banner.getByText('Everything is up to date again.').waitFor()
  await page.locator('.message:not(.waiting) .words', { hasText: 'is anybody there?' }).waitFor()
  await banner.waitFor({ state: 'detached' })
  expect(pages.errors).toEqual([])
})

testInBrowser('what the server refuses stays, with the reason, until it is given up', async () => {
  await using pages = await openPages({ MAX_MESSAGE_LENGTH: '20' })
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  await world.group(alice, bob)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await write(page, 'much longer than twenty characters')
  const note = page.getByRole('alert')
  await note.getByText('This message is too long.').waitFor()
  await note.getByRole('button', { name: 'Try again' }).click()
  await note.getByText('This message is too long.').waitFor()
  await note.getByRole('button', { name: 'Discard' }).click()
  await note.waitFor({ state: 'detached' })
  await expect.poll(() => words(page), PATIENT).toEqual([])
})

testInBrowser('somebody who reads further up stays there, and is told of what is new by the list alone', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  for (let number = 1; number <= 60; number++) await bob.say(id, `line ${number}`)
  await alice.ask('PUT', `/conversations/${id}/receipts`, { read_number: 61 })
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await shown(page, 'line 60').waitFor()
  const scrollTo = (place: number) =>
    page.locator('.messages').evaluate((list, place) => {
      list.scrollTop = place
    }, place)
  // Older ones come, and one is further from the top than before.
  await scrollTo(0)
  await page.waitForFunction(() => (document.querySelector('.messages')?.scrollTop ?? 0) > 200)
  await scrollTo(300)
  await page.getByRole('button', { name: 'To the newest message' }).waitFor()
  const top = () => page.evaluate(() => document.querySelector('.messages')?.scrollTop)
  const before = await top()
  expect(before).toBeGreaterThan(100)
  await bob.say(id, 'something new')
  await unread(page).waitFor()
  expect(await top()).toBe(before)
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await unread(page).waitFor({ state: 'detached' })
  await shown(page, 'something new').waitFor()
})

testInBrowser('a conversation that is not mine looks like one that is not there', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [, bob, carol] = await world.people('alice', 'bob', 'carol')
  const { id } = await world.group(bob, carol)
  const page = await pages.enter('alice')
  for (const address of [id, crypto.randomUUID()]) {
    await page.goto(`${world.node.url}/c/${address}`)
    await page.getByText('There is no such conversation').waitFor()
  }
  await page.goto(`${world.node.url}/c/nonsense`)
  await page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
})

testInBrowser('a second tab says that there is a first one, and may take over', async () => {
  await using pages = await openPages()
  await pages.world.people('alice')
  const first = await pages.enter('alice')
  const second = await first.context().newPage()
  await second.goto(pages.world.node.url)
  await second.getByText('open in another tab').waitFor()
  await second.getByRole('button', { name: 'Use it here' }).click()
  await second.getByText('Nobody here yet').waitFor()
  await first.getByText('open in another tab').waitFor()
  await first.getByRole('button', { name: 'Use it here' }).click()
  await first.getByText('Nobody here yet').waitFor()
})

testInBrowser('messages stand below their day, and those that follow each other below one name', async () => {
  await using pages = await openPages()
  const { world } = pages
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  for (const text of ['yesterday', 'today', 'soon after', 'much later']) await bob.say(id, text)
  await alice.say(id, 'mine')
  const session = await world.session()
  const write = 'update messages set created_at = now() - $1::interval where content = $2 and conversation_id = $3'
  await session.query(write, ['1 day', 'yesterday', id])
  await session.query("update messages set created_at = now() - interval '1 day' where type = 'system'")
  await session.query(write, ['7 seconds', 'today', id])
  await session.query(write, ['6 seconds', 'soon after', id])
  await session.query(write, ['-6 minutes', 'much later', id])
  await session.query(write, ['-6 minutes', 'mine', id])
  // Where it is noon: at midnight some of it would be of another day.
  const west = new Date().getUTCHours() - 12
  const page = await pages.enter('alice', { timezoneId: `Etc/GMT${west < 0 ? '' : '+'}${west}` })
  await page.locator('a.entry').click()
  await shown(page, 'mine').waitFor()
  const rows = await page.locator('.messages li').evaluateAll((all) =>
    all.map((row) => {
      const text = row.querySelector('.words')?.textContent ?? row.textContent
      const name = row.querySelector('.message-author')?.textContent
      return name ? `${name}: ${text}` : text
    }),
  )
  expect(rows.map((row) => row?.replace(/“.group .*”/, '…').replaceAll(/[\u2068\u2069]/g, ''))).toEqual([
    'Yesterday',
    'alice of Earshot created the group …',
    'bob of Earshot: yesterday',
    'Today',
    'bob of Earshot: today',
    'soon after',
    'bob of Earshot: much later',
    'mine',
  ])
})
