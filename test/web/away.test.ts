// What happened while somebody was away, to what they had seen and to what they had written: it is on the screen when they are
// back, and nothing of theirs goes without a word.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { banner, shown, TALL, untilKept, untilSeen, words, write } from './agreement.js'
import { faultsOf } from './axe.js'
import { openPages, PATIENT, type Pages } from './pages.js'

type Talk = { alice: Person; bob: Person; carol: Person; id: string; page: Page }

/** Alice's group with Bob, who is at his page, and Carol. */
async function meet({ world, enter }: Pages): Promise<Talk> {
  const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const { id } = await alice.post('/conversations', {
    ...{ type: 'group', name: 'Climbing', user_ids: [bob.id, carol.id] },
  })
  for (const text of ['one', 'two', 'three']) await alice.say(id, text)
  const page = await enter('bob', TALL)
  await page.locator('a.entry').click()
  await shown(page, 'three').waitFor()
  return { alice, bob, carol, id, page }
}

const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' })

for (const [how, leave] of [
  ['without a network', async () => undefined],
  ['with a page that was loaded without a network', (page: Page) => page.reload()],
] as const) {
  testInBrowser(`what was edited, deleted and decided meanwhile is on the screen: ${how}`, async () => {
    await using pages = await openPages()
    const { alice, bob, carol, id, page } = await meet(pages)
    await write(page, 'mine')
    await page.locator('.message.mine:not(.waiting)').waitFor()
    await untilKept(page, id, 5)
    const { data } = await alice.get(`/conversations/${id}/messages`)
    const idOf = (text: string) => data.find((one: { content: string }) => one.content === text).id
    await page.context().setOffline(true)
    await leave(page)
    await shown(page, 'three').waitFor()
    await alice.patch(`/messages/${idOf('one')}`, { content: 'one, put better' })
    await alice.ask('DELETE', `/messages/${idOf('two')}`)
    await alice.delete(`/conversations/${id}/members/${carol.id}`)
    await alice.patch(`/conversations/${id}/members/${bob.id}`, { role: 'viewer' })
    await alice.say(id, 'four', { reply_to_id: idOf('mine') })
    expect(await words(page)).toEqual(['one', 'two', 'three', 'mine'])
    await composer(page).fill('may I?')

    await page.context().setOffline(false)
    await shown(page, 'four').waitFor()
    expect(await words(page)).toEqual(['one, put better', 'three', 'mine', 'four'])
    const row = (text: string) => page.locator('.message', { has: page.getByText(text, { exact: true }) })
    await row('one, put better').getByText('edited', { exact: true }).waitFor()
    await page.locator('.message .deleted').waitFor()
    await shown(page, /^.alice of Earshot. removed .carol of Earshot.$/u).waitFor()
    await shown(page, /^.alice of Earshot. made .bob of Earshot. viewer$/u).waitFor()
    await page.locator('.bar-note').getByText('2 members').waitFor()
    // Whoever may only read is not offered to write; the draft is there again when they may.
    await page.getByText('You can read here, but not write.').waitFor()
    expect(await composer(page).count()).toBe(0)
    expect(await faultsOf(page)).toEqual([])
    await alice.patch(`/conversations/${id}/members/${bob.id}`, { role: 'moderator' })
    await expect.poll(() => composer(page).inputValue(), PATIENT).toBe('may I?')
    await row('four').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete for everyone' }).waitFor()
    expect(pages.errors).toEqual([])
  })
}

testInBrowser(
  'what somebody wrote who was removed meanwhile is refused, said to be so, and theirs to take',
  async () => {
    await using pages = await openPages()
    const { alice, bob, id, page } = await meet(pages)
    await untilKept(page, id, 4)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.context().setOffline(true)
    await write(page, 'do not forget me', 'nor this')
    await banner(page).getByText('You are offline. 2 messages wait to be sent.').waitFor()
    await alice.delete(`/conversations/${id}/members/${bob.id}`)
    await page.reload()
    await shown(page, 'nor this').waitFor()
    await untilSeen(page)

    await page.context().setOffline(false)
    await page.getByRole('heading', { name: 'You were removed from “Climbing”' }).waitFor()
    const left = page.getByRole('list', { name: 'Not sent' })
    await left.getByText('do not forget me').waitFor()
    await expect.poll(() => left.getByRole('alert').allInnerTexts(), PATIENT).toHaveLength(2)
    expect(await left.getByRole('alert').first().innerText()).toContain(
      'This conversation does not exist, or you are not in it.',
    )
    expect(await words(page)).toEqual(['do not forget me', 'nor this'])
    expect(await faultsOf(page)).toEqual([])
    await left.getByRole('button', { name: 'Discard' }).first().click()
    await left.getByText('do not forget me').waitFor({ state: 'detached' })
    // Added again, they may send it after all.
    await alice.post(`/conversations/${id}/members`, { user_ids: [bob.id] })
    await page.locator('.composer').waitFor()
    await page.locator('.message.failed').getByRole('button', { name: 'Try again' }).click()
    await page.locator('.message.mine:not(.failed):not(.waiting)').waitFor()
    const { data } = await alice.get(`/conversations/${id}/messages`)
    expect(data.at(-1)).toMatchObject({ content: 'nor this', sender_id: bob.id })
    expect(JSON.stringify(data)).not.toContain('do not forget me')
    expect(pages.errors).toEqual([])
  },
)

testInBrowser('a session that is ended while a file is on its way ends that too, and says so', async () => {
  await using pages = await openPages()
  const { bob, id, page } = await meet(pages)
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/api/v1/uploads?*', async (route) => {
    await held
    await route.continue().catch(() => undefined)
  })
  const buffer = Buffer.from('words')
  await page.locator('input[type=file]').setInputFiles([{ name: 'route.txt', mimeType: 'text/plain', buffer }])
  await page.locator('.tray-row').waitFor()
  await write(page, 'with a file')
  await page.getByText('This is sent as soon as its files are there.').waitFor()
  await bob.ask('DELETE', '/sessions')
  await page.getByText('Your session has ended').waitFor()
  letGo()
  // Whoever comes back finds a page that works, and nothing that nobody has sent.
  await page.locator('input[name=login]').fill('bob')
  await page.locator('input[name=password]').fill('correct horse battery')
  await page.locator('button[type=submit]').click()
  await shown(page, 'three').waitFor()
  expect(await page.locator('.tray-row').count()).toBe(0)
  await write(page, 'here again')
  await page.locator('.message.mine:not(.waiting)').waitFor()
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data.at(-1).content).toBe('here again')
  expect(data.at(-2).content).toBe('three')
  expect(pages.errors).toEqual([])
})
