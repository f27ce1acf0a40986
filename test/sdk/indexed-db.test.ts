// What a page keeps, in a real browser.
import { expect } from 'vitest'
import type * as Sdk from '../../src/sdk/client.js'
import { openBrowser, testInBrowser } from '../support/browser.js'
import { PASSWORD, startWorld } from '../support/world.js'

type SdkWindow = typeof Sdk & { server: string }

testInBrowser('a page that is loaded again is signed in, and has what it had and what it missed', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: browser.origin })
  const bob = await world.person('bob')
  const page = await browser.openPage(world)
  const id = await page.evaluate(
    async ({ password, bob }) => {
      const { Earshot, indexedDbStorage, server } = window as unknown as SdkWindow
      const earshot = new Earshot({ url: server, storage: indexedDbStorage('alice') })
      await earshot.signUp({ username: 'alice', email: 'a@example.com', password, display_name: 'Alice' })
      await earshot.start()
      const { id } = await earshot.call('POST /conversations', { body: { type: 'direct', user_ids: [bob] } })
      const timeline = await earshot.open(id)
      await timeline.send('before')
      earshot.stop()
      // Written where there is no socket: it goes out from the next page.
      void earshot.send(id, 'kept')
      const storage = indexedDbStorage('alice')
      while (![...(await storage.load()).keys()].some((name) => name.startsWith('outbox:')));
      return id
    },
    { password: PASSWORD, bob: bob.id },
  )
  await bob.say(id, 'missed')
  await page.reload()
  const told = await page.evaluate(async (id) => {
    const { Earshot, indexedDbStorage, server } = window as unknown as SdkWindow
    const earshot = new Earshot({ url: server, storage: indexedDbStorage('alice') })
    await earshot.start()
    const timeline = await earshot.open(id)
    await new Promise<void>((resolve) => {
      const look = () => timeline.messages.length === 3 && earshot.outbox.length === 0 && resolve()
      timeline.on('change', look)
      look()
    })
    const texts = timeline.messages.map(({ content }) => content)
    await earshot.signOut()
    return {
      texts,
      left: (await indexedDbStorage('alice').load()).size,
      other: (await indexedDbStorage('bob').load()).size,
    }
  }, id)
  expect(told).toEqual({ texts: ['before', 'missed', 'kept'], left: 0, other: 0 })
  expect(browser.errors).toEqual([])
})

testInBrowser('a save is all or nothing, and what is undefined goes', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: browser.origin })
  const page = await browser.openPage(world)
  const kept = await page.evaluate(async () => {
    const { indexedDbStorage } = window as unknown as SdkWindow
    const storage = indexedDbStorage('kept')
    await storage.save(
      new Map<string, unknown>([
        ['a', { b: [1, null] }],
        ['c', 'd'],
      ]),
    )
    const refused = await storage
      .save(
        new Map<string, unknown>([
          ['a', 2],
          ['c', undefined],
          ['f', () => 'no value to keep'],
          ['g', 3],
        ]),
      )
      .then(
        () => 'saved',
        (error) => error.name,
      )
    const before = [...(await storage.load())]
    await storage.save(new Map([['c', undefined]]))
    return { refused, before, after: [...(await indexedDbStorage('kept').load())] }
  })
  expect(kept).toEqual({
    refused: 'DataCloneError',
    before: [
      ['a', { b: [1, null] }],
      ['c', 'd'],
    ],
    after: [['a', { b: [1, null] }]],
  })
})
