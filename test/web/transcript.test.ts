// What was said: of thousands of messages a few are in the page, one stays where one is, and finds back. Who has read, who
// writes, and how it is heard by whoever does not see it.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { faultsOf } from './axe.js'
import { openPages, PATIENT, type Pages, PHONE } from './pages.js'

const MANY = 3_000
/** Of a screen with what is near it. */
const DRAWN_MAX = 120

/** A group with its first message by the system, then so many by bob: `line n` has the number n + 1. */
async function talk({ world }: Pages, lines: number): Promise<{ alice: Person; bob: Person; id: string }> {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const session = await world.session()
  await session.query(
    "insert into messages (conversation_id, sender_id, content) select $1, $2, 'line ' || n from generate_series(1, $3::int) n",
    [id, bob.id, lines],
  )
  return { alice, bob, id }
}

const readAll = (person: Person, id: string, number: number) =>
  person.ask('PUT', `/conversations/${id}/receipts`, { read_number: number })

const shown = (page: Page, text: string) => page.locator('.messages').getByText(text, { exact: true })
const inView = (page: Page, text: string) =>
  expect
    .poll(async () => {
      const row = await shown(page, text)
        .first()
        .boundingBox({ timeout: 1_000 })
        .catch(() => null)
      const frame = await page.locator('.messages').boundingBox()
      return row && frame ? row.y >= frame.y && row.y + row.height <= frame.y + frame.height : false
    })
    .toBe(true)
const drawn = (page: Page) => page.locator('.messages li').count()
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.querySelector('.words')?.textContent ?? document.activeElement?.tagName)

type Place = { text: string; bottom: number }

/** The first message that is seen, and where it stands, two frames from now. */
const first = (page: Page): Promise<Place> =>
  page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    const top = document.querySelector('.messages')?.getBoundingClientRect().top ?? 0
    const rows = [...document.querySelectorAll('.messages .message')]
    const row = rows.find((one) => one.getBoundingClientRect().bottom > top + 1)
    const bottom = (row?.getBoundingClientRect().bottom ?? 0) - top
    return { text: row?.querySelector('.words')?.textContent ?? '', bottom }
  })

const bottomOf = async (page: Page, text: string): Promise<number> => {
  const [row, frame] = [
    page.locator('.message', { has: page.getByText(text, { exact: true }) }),
    page.locator('.messages'),
  ]
  const [of, within] = await Promise.all([row.boundingBox(), frame.boundingBox()])
  return (of?.y ?? Number.NaN) + (of?.height ?? 0) - (within?.y ?? 0)
}

/** Once nothing is on its way. */
async function rest(page: Page): Promise<Place> {
  await first(page)
  await page.waitForFunction(() => document.querySelector('.messages')?.getAttribute('aria-busy') !== 'true')
  return first(page)
}

const scrollBy = (page: Page, way: number) =>
  page.locator('.messages').evaluate((list, way) => {
    list.scrollTop += way
  }, way)
const lineOf = ({ text }: Place) => Number(text.replace('line ', ''))

testInBrowser('of thousands of messages a few are in the page, and none moves while older ones come', async () => {
  await using pages = await openPages()
  const { alice, id } = await talk(pages, MANY)
  await readAll(alice, id, MANY + 1)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await inView(page, `line ${MANY}`)
  // Held back, so that where one is before it comes can be told from where one is after.
  let open = () => undefined as unknown
  let gate = Promise.resolve()
  const close = () => {
    gate = new Promise((resolve) => {
      open = resolve
    })
  }
  await page.route('**/messages?*before=*', async (route) => {
    await gate
    await route.continue()
  })
  for (let step = 0; step < 60; step++) {
    close()
    await scrollBy(page, -700)
    const before = await first(page)
    open()
    await rest(page)
    expect(Math.abs((await bottomOf(page, before.text)) - before.bottom)).toBeLessThan(1.5)
    expect(await drawn(page)).toBeLessThan(DRAWN_MAX)
  }
  // So far that not all of it is kept; and the end is one click away.
  expect(lineOf(await rest(page))).toBeLessThan(MANY - 900)
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await inView(page, `line ${MANY}`)
  expect(pages.errors).toEqual([])
})

testInBrowser('a quote leads to what it quotes, however far back, and one finds back', async () => {
  await using pages = await openPages()
  const { alice, bob, id } = await talk(pages, MANY)
  const { data } = await bob.get(`/conversations/${id}/messages?around=11&limit=1`)
  await alice.say(id, 'as you said', { reply_to_id: data[0].id })
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await inView(page, 'as you said')
  await page.locator('.quote button').click()
  await inView(page, data[0].content)
  expect(new URL(page.url()).pathname).toBe(`/c/${id}/m/${data[0].number}`)
  // The quote has the same words: they are in view before one is there.
  await expect.poll(() => focused(page), PATIENT).toBe(data[0].content)
  await page.locator('.message.found').waitFor()
  await page.locator('.message.found').waitFor({ state: 'detached' })
  expect(await drawn(page)).toBeLessThan(DRAWN_MAX)
  // Down from there the next ones come by themselves, too.
  for (let step = 0; step < 12; step++) {
    await scrollBy(page, 1_500)
    await rest(page)
  }
  const line = lineOf(await rest(page))
  expect(line).toBeGreaterThan(150)
  expect(line).toBeLessThan(1_000)
  await page.goBack()
  await inView(page, 'as you said')
  expect(new URL(page.url()).pathname).toBe(`/c/${id}`)
  // And by its address alone, as it may be sent to somebody.
  await page.goto(`${pages.world.node.url}/c/${id}/m/1500`)
  await inView(page, 'line 1499')
  await expect.poll(() => focused(page), PATIENT).toBe('line 1499')
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await inView(page, 'as you said')
  // The button is gone; where it led to has the focus.
  await expect.poll(() => focused(page)).toBe('as you said')
  expect(new URL(page.url()).pathname).toBe(`/c/${id}`)
  expect(pages.errors).toEqual([])
})

testInBrowser('what is edited and deleted far back is so on the screen', async () => {
  await using pages = await openPages()
  const { alice, bob, id } = await talk(pages, 500)
  await readAll(alice, id, 501)
  const { data } = await bob.get(`/conversations/${id}/messages?around=50&limit=2`)
  const page = await pages.enter('alice')
  await page.locator('a.entry').waitFor()
  await page.goto(`${pages.world.node.url}/c/${id}/m/${data[0].number}`)
  await inView(page, data[0].content)
  await bob.patch(`/messages/${data[0].id}`, { content: 'something else' })
  await bob.ask('DELETE', `/messages/${data[1].id}`)
  await inView(page, 'something else')
  await inView(page, 'This message was deleted.')
  expect(await shown(page, data[1].content).count()).toBe(0)
})

testInBrowser('one begins at what is new, below a line that says so, and is told how much is left', async () => {
  await using pages = await openPages()
  const { alice, bob, id } = await talk(pages, 400)
  await readAll(alice, id, 101)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await inView(page, 'New messages')
  await inView(page, 'line 101')
  expect(await shown(page, 'line 400').count()).toBe(0)
  const badge = page.locator('.to-end .badge')
  await expect.poll(async () => Number((await badge.innerText()).match(/(\d+) unread/)?.[1])).toBeGreaterThan(250)
  // What was seen is read, and nothing else.
  const reader = async () => (await alice.get(`/conversations/${id}`)).me.read_number
  await expect.poll(reader).toBeGreaterThan(101)
  expect(await reader()).toBeLessThan(140)
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await inView(page, 'line 400')
  await expect.poll(reader).toBe(401)
  await badge.waitFor({ state: 'detached' })
  await bob.say(id, 'one more')
  await inView(page, 'one more')
  expect(pages.errors).toEqual([])
})

testInBrowser('older messages that cannot be loaded are said to be so, and come when one tries again', async () => {
  await using pages = await openPages()
  const { alice, id } = await talk(pages, 200)
  await readAll(alice, id, 201)
  const page = await pages.enter('alice')
  await page.route('**/messages?*before=*', (route) => route.abort())
  await page.locator('a.entry').click()
  await inView(page, 'line 200')
  await scrollBy(page, -100_000)
  await page.locator('.edge').getByText('The server cannot be reached.').waitFor()
  await page.unroute('**/messages?*before=*')
  const before = await first(page)
  await page.locator('.edge').getByRole('button', { name: 'Try again' }).click()
  await page.locator('.edge [role=alert]').waitFor({ state: 'detached' })
  await rest(page)
  expect(Math.abs((await bottomOf(page, before.text)) - before.bottom)).toBeLessThan(1.5)
  expect(lineOf(await first(page))).toBeLessThan(lineOf(before))
})

testInBrowser('a message of mine says how far it has come: sent, delivered, read by all', async () => {
  await using pages = await openPages()
  const { alice, bob, id } = await talk(pages, 1)
  const carol = await pages.world.person('carol')
  await alice.post(`/conversations/${id}/members`, { user_ids: [carol.id] })
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await page.getByRole('textbox', { name: 'Message' }).fill('have you got it?')
  await page.getByRole('button', { name: 'Send' }).click()
  const ticks = page.locator('.ticks')
  await ticks.getByText('Sent').waitFor({ state: 'attached' })
  const { message_number } = await alice.get(`/conversations/${id}`)
  const tell = (person: Person, report: object) => person.ask('PUT', `/conversations/${id}/receipts`, report)
  await tell(bob, { read_number: message_number })
  // One of two is not all.
  await tell(carol, { delivered_number: message_number })
  await ticks.getByText('Delivered').waitFor({ state: 'attached' })
  await tell(carol, { read_number: message_number })
  await ticks.getByText('Read').waitFor({ state: 'attached' })
  await page.reload()
  await ticks.getByText('Read').waitFor({ state: 'attached' })
})

testInBrowser('who writes is said, while they do, and others are told that I do', async () => {
  await using pages = await openPages()
  const { bob, id } = await talk(pages, 1)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await inView(page, 'line 1')
  const line = page.locator('.typing')
  await bob.ask('POST', `/conversations/${id}/typing`, { typing: true })
  await line.getByText('bob of Earshot is typing …').waitFor()
  await bob.ask('POST', `/conversations/${id}/typing`, { typing: false })
  await line.locator('.typing-words').waitFor({ state: 'detached' })
  const typists = async () => (await bob.get(`/conversations/${id}/typing`)).data.length
  await page.getByRole('textbox', { name: 'Message' }).pressSequentially('hm')
  await expect.poll(typists).toBe(1)
  await page.getByRole('button', { name: 'New conversation' }).first().focus()
  await expect.poll(typists).toBe(0)
})

testInBrowser('by keys the messages are one stop, and inside arrows go from one to the next', async () => {
  await using pages = await openPages()
  const { alice, id } = await talk(pages, 300)
  await readAll(alice, id, 301)
  const page = await pages.enter('alice')
  await page.locator('a.entry').click()
  await inView(page, 'line 300')
  const { keyboard } = page
  const within = (place: string) => page.evaluate((place) => document.activeElement?.closest(place) !== null, place)
  await page.getByRole('textbox', { name: 'Message' }).focus()
  for (let step = 0; step < 5 && !(await within('.messages')); step++) await keyboard.press('Shift+Tab')
  await expect.poll(() => focused(page)).toBe('line 300')
  await keyboard.press('ArrowUp')
  await expect.poll(() => focused(page)).toBe('line 299')
  for (let step = 0; step < 60; step++) await keyboard.press('ArrowUp')
  await expect.poll(() => focused(page)).toBe('line 239')
  await inView(page, 'line 239')
  // Scrolled away it still has the focus, and the next key goes on from it.
  await scrollBy(page, 100_000)
  await inView(page, 'line 300')
  await expect.poll(() => focused(page)).toBe('line 239')
  await keyboard.press('ArrowDown')
  await expect.poll(() => focused(page)).toBe('line 240')
  await inView(page, 'line 240')
  await keyboard.press('End')
  await expect.poll(() => focused(page)).toBe('line 300')
  await keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await keyboard.press('ArrowDown')
  await keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toBe('line 300')
  await keyboard.press('Tab')
  expect(await within('.messages')).toBe(false)
  expect(await within('.composer')).toBe(true)
})

testInBrowser('a burst of messages is said in one sentence, a single one with its words', async () => {
  await using pages = await openPages()
  const { alice, bob, id } = await talk(pages, 1)
  const page = await pages.enter('alice', PHONE)
  await page.locator('a.entry').click()
  await inView(page, 'line 1')
  const live = page.locator('.messages-frame > [role=status].unseen')
  await bob.say(id, 'only this')
  await expect.poll(() => live.textContent()).toBe('New message from bob of Earshot: only this')
  await Promise.all(['one', 'two', 'three'].map((text) => bob.say(id, text)))
  await expect.poll(() => live.textContent()).toBe('3 new messages from bob of Earshot')
  // What I have written on another device is no news to me.
  await alice.say(id, 'mine')
  await inView(page, 'mine')
  await expect.poll(() => live.textContent(), { timeout: 10_000 }).toBe('')
})
