// The realtime half of the SDK in a page: what a browser does to it that Node does not - reloads, a network that goes, a real
// IndexedDB - and what a person notices of that, which is nothing.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type * as Sdk from '../../src/sdk/client.js'
import { type Browser, openBrowser, testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'

/** waitForFunction() takes a promise for true. */
const PATIENT = { timeout: 20_000 }

type SdkWindow = typeof Sdk & { server: string; earshot: Sdk.Earshot; timeline: Sdk.Timeline; heard: string[] }

/** The client of a page, kept in its IndexedDB, with the timeline of one conversation open. `login`: else with the session that is kept. */
async function startClient(page: Page, conversationId: string, login?: { login: string; password: string }) {
  await page.waitForFunction('window.Earshot')
  await page.evaluate(
    async ({ id, login }) => {
      const page = window as unknown as SdkWindow
      page.heard = []
      page.earshot = new page.Earshot({ url: page.server, storage: page.indexedDbStorage('earshot') })
      page.earshot.on('event', ({ type, seq }) => page.heard.push(`${seq} ${type}`))
      if (login) await page.earshot.signIn(login)
      await page.earshot.start()
      page.timeline = await page.earshot.open(id)
    },
    { id: conversationId, login },
  )
}

const shown = (page: Page) =>
  page.evaluate(() => (window as unknown as SdkWindow).timeline.messages.map(({ content }) => content))

/** Waits until the page shows these texts, in this order, as its last. */
function expectShown(page: Page, ...texts: string[]) {
  return page.waitForFunction(
    (texts) => {
      const { timeline } = window as unknown as SdkWindow
      const last = timeline.messages.slice(-texts.length)
      return (
        last.length === texts.length &&
        last.every((message, index) => message.content === texts[index] && 'number' in message)
      )
    },
    texts,
    { timeout: 20_000 },
  )
}

/** Alice in a page, Bob in Node, and a group of both. */
async function open(browser: Browser, world: World): Promise<{ page: Page; bob: Person; id: string }> {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const page = await browser.openPage(world)
  await startClient(page, id, { login: 'alice', password: PASSWORD })
  return { page, bob, id }
}

testInBrowser('a page hears, sends, and after a reload goes on from what it has kept', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: browser.origin })
  const { page, bob, id } = await open(browser, world)
  await bob.say(id, 'hello')
  await expectShown(page, 'hello')
  await page.evaluate(() => (window as unknown as SdkWindow).timeline.send('hello, Bob'))
  await expectShown(page, 'hello', 'hello, Bob')
  // The checkpoint that comes after it is kept with the state.
  const isKept = () =>
    page.evaluate(async () => {
      const { indexedDbStorage, earshot } = window as unknown as SdkWindow
      const kept = await indexedDbStorage('earshot').load()
      const held = kept.get(`conversation:${earshot.conversations[0]?.id}`) as { conversation?: { seq: number } }
      return held?.conversation?.seq === earshot.conversations[0]?.seq
    })
  await expect.poll(isKept, PATIENT).toBe(true)
  await page.reload()
  await bob.say(id, 'while you were away')
  const loads: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/sync')) loads.push(request.url())
  })
  await startClient(page, id)
  await expectShown(page, 'hello', 'hello, Bob', 'while you were away')
  // Told, not loaded.
  expect(loads).toEqual([])
  expect(browser.errors).toEqual([])
})

testInBrowser(
  'without a connection what is written waits, also over a reload, and is sent once when there is one',
  async () => {
    await using browser = await openBrowser()
    await using world = await startWorld({ CORS_ORIGINS: browser.origin })
    const { page, bob, id } = await open(browser, world)
    await page.evaluate(() => {
      const { earshot, timeline } = window as unknown as SdkWindow
      earshot.stop()
      timeline.send('written in a tunnel').catch(() => undefined)
      timeline.send('and another').catch(() => undefined)
    })
    expect((await shown(page)).slice(-2)).toEqual(['written in a tunnel', 'and another'])
    const isKept = () =>
      page.evaluate(async () => {
        const { indexedDbStorage } = window as unknown as SdkWindow
        return JSON.stringify([...(await indexedDbStorage('earshot').load())]).includes('and another')
      })
    await expect.poll(isKept, PATIENT).toBe(true)
    await page.reload()
    await bob.say(id, 'where are you?')
    await startClient(page, id)
    await expectShown(page, 'where are you?', 'written in a tunnel', 'and another')
    const { data } = await bob.get(`/conversations/${id}/messages`)
    const texts = data.map(({ content }: { content: string }) => content)
    expect(texts.slice(-3)).toEqual(['where are you?', 'written in a tunnel', 'and another'])
  },
)

testInBrowser('a node that goes away and comes back at the same address costs a page nothing', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: browser.origin })
  const { page, bob, id } = await open(browser, world)
  const before = await page.evaluate(() => (window as unknown as SdkWindow).heard.length)
  const port = new URL(world.node.url).port
  await world.node.stop()
  const node = await world.addNode({ PORT: port })
  bob.url = node.url
  await bob.say(id, 'back again')
  await expectShown(page, 'back again')
  const heard = await page.evaluate((from) => (window as unknown as SdkWindow).heard.slice(from), before)
  expect(new Set(heard).size).toBe(heard.length)
  expect(browser.errors).toEqual([])
})

testInBrowser('two pages of one user with a storage each agree', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: browser.origin })
  const { page, bob, id } = await open(browser, world)
  const other = await browser.openPage(world)
  await startClient(other, id, { login: 'alice', password: PASSWORD })
  await page.evaluate(() => (window as unknown as SdkWindow).timeline.send('from the first page'))
  await other.evaluate(() => (window as unknown as SdkWindow).timeline.send('from the second page'))
  await bob.say(id, 'from elsewhere')
  for (const one of [page, other])
    await expectShown(one, 'from the first page', 'from the second page', 'from elsewhere')
  await other.evaluate((id) => (window as unknown as SdkWindow).earshot.markRead(id), id)
  await page.waitForFunction((id) => {
    const { earshot } = window as unknown as SdkWindow
    return earshot.conversation(id)?.me.unread_count === 0
  }, id)
})
