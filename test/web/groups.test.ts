// Who is in a group and what it is: seen by those who are in it, changed by those who may, and lost at once by whoever is removed.
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, type Pages, PHONE } from './pages.js'

type Group = { pages: Pages; alice: Person; bob: Person; carol: Person; id: string }

/** Alice's, with Bob in it; Carol is nobody in it yet. */
async function climbing(): Promise<Group> {
  const pages = await openPages()
  const [alice, bob, carol] = await pages.world.people('alice', 'bob', 'carol')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  return { pages, alice, bob, carol, id }
}

const details = (page: Page) => page.getByRole('region', { name: 'Details' })
const dialog = (page: Page) => page.getByRole('dialog')
const memberNames = (page: Page) => details(page).locator('.member .person-words > span > bdi').allInnerTexts()

async function openDetails(page: Page): Promise<void> {
  await page.getByRole('link', { name: /Climbing/ }).click()
  await page.getByRole('button', { name: 'Details' }).click()
  await details(page).locator('.member').first().waitFor()
}

/** Of the menu of a member. */
async function choose(page: Page, member: string, item: string): Promise<void> {
  await details(page)
    .getByRole('button', { name: `More for ${member} of Earshot` })
    .click()
  await page.getByRole(item === 'moderator' || item === 'viewer' ? 'menuitemradio' : 'menuitem', { name: item }).click()
}

testInBrowser('who is added is there for everybody at once, with the role that they are given', async () => {
  const { pages, id, carol } = await climbing()
  await using _ = pages
  const alice = await pages.enter('alice')
  const bob = await pages.enter('bob')
  await openDetails(alice)
  await openDetails(bob)
  await details(alice).getByRole('button', { name: 'Add people' }).click()
  await dialog(alice).getByLabel('Find people').fill('carol')
  await dialog(alice)
    .getByRole('button', { name: /^carol of Earshot/ })
    .click()
  await dialog(alice).getByRole('button', { name: 'Add 1 person' }).click()
  await alice.getByText('1 person was added').waitFor()
  await details(bob).locator('.member bdi', { hasText: 'carol of Earshot' }).waitFor()
  await bob.locator('.bar-note').getByText('3 members').waitFor()

  await choose(alice, 'carol', 'moderator')
  await details(bob).locator('.member', { hasText: 'carol' }).getByText('moderator').waitFor()
  const { me } = await carol.get(`/conversations/${id}`)
  expect(me.role).toBe('moderator')
  // From the highest down.
  expect(await memberNames(alice)).toEqual(['alice of Earshot', 'carol of Earshot', 'bob of Earshot'])
  expect(pages.errors).toEqual([])
})

testInBrowser('whoever is removed is told so where they read, and reads on once they are added again', async () => {
  const { pages, alice, bob, id } = await climbing()
  await using _ = pages
  await alice.say(id, 'up there')
  const page = await pages.enter('bob')
  await page.getByRole('link', { name: /Climbing/ }).click()
  await page.locator('.words', { hasText: 'up there' }).waitFor()
  await page.getByRole('button', { name: 'Details' }).click()
  await details(page).locator('.member').first().waitFor()

  await alice.delete(`/conversations/${id}/members/${bob.id}`)
  await page.getByRole('heading', { name: 'You were removed from “Climbing”' }).waitFor()
  expect(await page.locator('.words').count()).toBe(0)
  expect(await page.locator('.composer').count()).toBe(0)
  await details(page).waitFor({ state: 'detached' })
  expect(new URL(page.url()).pathname).toBe(`/c/${id}`)
  expect(await page.locator('a.entry').count()).toBe(0)
  expect(await faultsOf(page)).toEqual([])

  await alice.post(`/conversations/${id}/members`, { user_ids: [bob.id] })
  await page.locator('.composer').waitFor()
  await alice.ask('PUT', `/conversations/${id}/bans/${bob.id}`, {})
  await page.getByRole('heading', { name: 'You were banned from “Climbing”' }).waitFor()
  await page.getByRole('button', { name: 'To your conversations' }).click()
  await page.getByText('Nobody here yet').waitFor()
  expect(pages.errors).toEqual([])
})

testInBrowser('a group that is deleted says so, and not that one was removed', async () => {
  const { pages, alice, id } = await climbing()
  await using _ = pages
  const page = await pages.enter('bob')
  await page.getByRole('link', { name: /Climbing/ }).click()
  await page.locator('.composer').waitFor()
  await alice.delete(`/conversations/${id}`)
  await page.getByRole('heading', { name: '“Climbing” was deleted' }).waitFor()
})

testInBrowser('nobody is offered what their role may not do, and who loses a role meanwhile is told', async () => {
  const { pages, alice, bob, carol, id } = await climbing()
  await using _ = pages
  await alice.post(`/conversations/${id}/members`, { user_ids: [carol.id] })
  const page = await pages.enter('bob')
  await openDetails(page)
  const buttons = () => details(page).getByRole('button').allInnerTexts()
  for (const forbidden of ['Add people', 'Edit group', 'What may be sent', 'Banned people', 'Delete group']) {
    expect(await buttons()).not.toContain(forbidden)
  }
  await details(page).getByRole('button', { name: 'More for carol of Earshot' }).click()
  expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Write a message'])
  await page.keyboard.press('Escape')
  // The panel stays: Escape was for the menu.
  expect(await details(page).count()).toBe(1)

  await alice.patch(`/conversations/${id}/members/${bob.id}`, { role: 'admin' })
  await details(page).getByRole('button', { name: 'Add people' }).waitFor()
  await details(page).getByRole('button', { name: 'More for alice of Earshot' }).click()
  // Nobody rules those above them.
  expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Write a message'])
  await page.keyboard.press('Escape')
  await details(page).getByRole('button', { name: 'Edit group' }).click()
  await dialog(page).getByLabel('Name of the group').fill('Mine')
  await page.route('**/api/v1/conversations/*', async (route) => {
    await alice.patch(`/conversations/${id}/members/${bob.id}`, { role: 'member' })
    await route.continue()
  })
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await page.getByText('You may not do this here.').waitFor()
  const { name } = await alice.get(`/conversations/${id}`)
  expect(name).toBe('Climbing')
})

testInBrowser('a ban has an end and a reason, and can be lifted before it', async () => {
  const { pages, bob, id } = await climbing()
  await using _ = pages
  const page = await pages.enter('alice')
  await openDetails(page)
  await choose(page, 'bob', 'Ban')
  await dialog(page).getByLabel('For how long').selectOption({ label: '1 week' })
  await dialog(page).getByLabel('Reason').fill('cut the rope')
  await dialog(page).getByRole('button', { name: 'Ban' }).click()
  await dialog(page).waitFor({ state: 'detached' })
  expect(await memberNames(page)).toEqual(['alice of Earshot'])
  expect((await bob.ask('GET', `/conversations/${id}`)).status).toBe(404)

  await details(page).getByRole('button', { name: 'Banned people' }).click()
  const row = dialog(page).locator('.member')
  await row.getByText(/^Until /).waitFor()
  await row.getByText('cut the rope').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await row.getByRole('button', { name: /Lift ban/ }).click()
  await dialog(page).getByText('Nobody is banned.').waitFor()
  await page.keyboard.press('Escape')
  await details(page).getByRole('button', { name: 'Add people' }).click()
  await dialog(page).getByLabel('Find people').fill('bob')
  await dialog(page)
    .getByRole('button', { name: /^bob of Earshot/ })
    .click()
  await dialog(page).getByRole('button', { name: 'Add 1 person' }).click()
  await page.getByText('1 person was added').waitFor()
  expect((await bob.ask('GET', `/conversations/${id}`)).status).toBe(200)
})

testInBrowser('the only owner cannot leave before the group is another one’s', async () => {
  const { pages, alice, bob, id } = await climbing()
  await using _ = pages
  const page = await pages.enter('alice')
  await openDetails(page)
  await details(page).getByRole('button', { name: 'Leave group' }).click()
  await dialog(page).getByRole('button', { name: 'Leave group' }).click()
  await dialog(page)
    .getByText(/You are the only owner/)
    .waitFor()
  await page.keyboard.press('Escape')
  await choose(page, 'bob', 'Make owner instead of me')
  await dialog(page).getByRole('button', { name: 'Make owner instead of me' }).click()
  await details(page).locator('.member', { hasText: 'bob' }).getByText('owner').waitFor()
  await details(page).getByRole('button', { name: 'Delete group' }).waitFor({ state: 'detached' })
  await details(page).getByRole('button', { name: 'Leave group' }).click()
  await dialog(page).getByRole('button', { name: 'Leave group' }).click()
  await page.getByText('Nobody here yet').waitFor()
  expect((await alice.ask('GET', `/conversations/${id}`)).status).toBe(404)
  expect((await bob.get(`/conversations/${id}`)).me.role).toBe('owner')
})

testInBrowser('name, description, picture and rules of a group are those of everybody', async () => {
  const { pages, bob, id } = await climbing()
  await using _ = pages
  const alice = await pages.enter('alice')
  const other = await pages.enter('bob')
  await openDetails(alice)
  await openDetails(other)
  await details(alice).getByRole('button', { name: 'Edit group' }).click()
  const buffer = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#336699' } })
    .png()
    .toBuffer()
  await dialog(alice).locator('input[type=file]').setInputFiles({ name: 'wall.png', mimeType: 'image/png', buffer })
  await alice.getByText('The picture was changed.').waitFor()
  await details(other).locator('.details-head img').waitFor()
  await dialog(alice)
    .locator('input[type=file]')
    .setInputFiles({ name: 'wall.txt', mimeType: 'text/plain', buffer: Buffer.from('a wall') })
  await dialog(alice).getByRole('alert').waitFor()
  await dialog(alice).getByLabel('Name of the group').fill('')
  await dialog(alice).getByRole('button', { name: 'Save' }).click()
  await dialog(alice).getByText('Please fill this in.').waitFor()
  await dialog(alice).getByLabel('Name of the group').fill('Bouldering')
  await dialog(alice).getByLabel('Description').fill('Without a rope')
  await dialog(alice).getByRole('button', { name: 'Save' }).click()
  await details(other).getByRole('heading', { name: 'Bouldering' }).waitFor()
  await details(other).getByText('Without a rope').waitFor()

  await details(alice).getByRole('button', { name: 'What may be sent' }).click()
  await dialog(alice).getByRole('switch', { name: 'Video' }).click()
  await dialog(alice).getByLabel('Largest file').selectOption({ label: '5 MB' })
  await expect
    .poll(async () => (await bob.get(`/conversations/${id}/settings`)) as unknown)
    .toEqual({
      media_allowed: true,
      max_file_size: 5 * 1_048_576,
      allowed_file_types: ['image', 'audio', 'voice', 'file'],
    })
  expect(pages.errors).toEqual([])
})

testInBrowser('the list shows who is here and who types, and each conversation as I want it', async () => {
  const { pages, alice, bob, id } = await climbing()
  await using _ = pages
  const { id: direct } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  await bob.say(direct, 'psst')
  const page = await pages.enter('alice')
  const entry = (name: RegExp) => page.getByRole('link', { name })
  await entry(/bob of Earshot/).waitFor()
  expect(await page.locator('.presence').count()).toBe(0)
  const ear = await bob.connect()
  await entry(/^Online bob of Earshot/).waitFor()
  await bob.post(`/conversations/${id}/typing`, { typing: true })
  await entry(/Climbing.*bob of Earshot is typing/).waitFor()
  await bob.say(id, 'there')
  await entry(/Climbing.*bob of Earshot.*there/).waitFor()
  ear.cut()

  const menu = async (title: string, item: string) => {
    await page.getByRole('button', { name: `More for ${title}` }).click()
    await page.getByRole('menuitem', { name: item, exact: true }).click()
  }
  await menu('Climbing', 'Pin')
  await entry(/Climbing.*Pinned/).waitFor()
  await menu('Climbing', 'Mark as read')
  await page.locator('.entry', { hasText: 'Climbing' }).locator('.badge').waitFor({ state: 'detached' })
  await menu('Climbing', 'Mark as unread')
  await entry(/Climbing.*1 unread message/).waitFor()
  await menu('Climbing', 'Mute for 8 hours')
  await entry(/Climbing.*Muted/).waitFor()
  const { me } = await alice.get(`/conversations/${id}`)
  expect(Date.parse(me.muted_until) - Date.now()).toBeGreaterThan(7.9 * 3_600_000)
  await menu('Climbing', 'Unmute')

  await page.getByRole('radio', { name: 'Groups' }).check()
  expect(await page.locator('a.entry').count()).toBe(1)
  await page.getByRole('radio', { name: 'All' }).check()
  await page.getByLabel('Filter conversations').fill('BÓB')
  await expect.poll(() => page.locator('a.entry').count()).toBe(1)
  await page.getByLabel('Filter conversations').fill('nothing like it')
  await page.getByRole('heading', { name: 'No conversation fits' }).waitFor()
  await page.getByRole('button', { name: 'Show all' }).click()
  await menu('Climbing', 'Archive')
  await entry(/Climbing/).waitFor({ state: 'detached' })
  await page.reload()
  await page.getByRole('radio', { name: 'Archived' }).check()
  await entry(/Climbing/).waitFor()
  await menu('Climbing', 'Take out of the archive')
  await page.getByRole('heading', { name: 'Nothing is archived' }).waitFor()
  expect(pages.errors).toEqual([])
})

testInBrowser('by keys alone one goes along the list and into its menus, and stays there whatever moves', async () => {
  const { pages, alice, bob, id } = await climbing()
  await using _ = pages
  const { id: direct } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  await bob.say(direct, 'psst')
  const page = await pages.enter('alice')
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('href'))
  await page.locator(`a[href="/c/${direct}"]`).focus()
  await page.keyboard.press('ArrowDown')
  await expect.poll(focused).toBe(`/c/${id}`)
  await bob.say(id, 'to the top')
  await page.waitForFunction((id) => document.querySelector('a.entry')?.getAttribute('href') === `/c/${id}`, id)
  await expect.poll(focused).toBe(`/c/${id}`)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await dialog(page).getByText('Leave “Climbing”?').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Archive' }).focus()
  await page.keyboard.press('Enter')
  await page.locator(`a[href="/c/${id}"]`).waitFor({ state: 'detached' })
  // What had the focus is gone: its neighbour has it.
  await expect.poll(focused).toBe(`/c/${direct}`)
})

testInBrowser('somebody who is blocked cannot write, until they are not any more', async () => {
  const { pages, alice, bob } = await climbing()
  await using _ = pages
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const page = await pages.enter('alice')
  await page.locator(`a[href="/c/${id}"]`).click()
  await page.getByRole('button', { name: 'Details' }).click()
  await details(page).getByRole('button', { name: 'Block' }).click()
  await dialog(page).getByRole('button', { name: 'Block' }).click()
  await details(page).getByText('You have blocked this person.').waitFor()
  expect((await bob.ask('POST', `/conversations/${id}/messages`, { content: 'hello' })).body.code).toBe('user.blocked')
  expect(await faultsOf(page)).toEqual([])
  await details(page).getByRole('button', { name: 'Unblock' }).click()
  await details(page).getByRole('button', { name: 'Block', exact: true }).waitFor()
  await bob.say(id, 'hello again')
  await page.locator('.words', { hasText: 'hello again' }).waitFor()
})

for (const [look, options] of [
  ['light, on a desk', { ...DESK, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
  ['in Arabic', { ...DESK, locale: 'ar' }],
  ['at 320 px', { viewport: { width: 320, height: 568 } }],
] as const) {
  testInBrowser(`axe finds nothing in the details, their menus and dialogs: ${look}`, async () => {
    const { pages, alice, carol, id } = await climbing()
    await using _ = pages
    await alice.post(`/conversations/${id}/members`, { user_ids: [carol.id] })
    await alice.patch(`/conversations/${id}`, { description: 'Every Tuesday at six, whatever the weather' })
    const page = await pages.enter('alice', options)
    await page.locator('a.entry').waitFor()
    await page.locator('.entry-row .more-button').click()
    expect(await faultsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('a.entry').click()
    await page.locator('#details-button button').click()
    await page.locator('.member').nth(2).waitFor()
    const isWider = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    expect(await isWider()).toBe(false)
    expect(await faultsOf(page)).toEqual([])
    await page.locator('.member .more-button').last().click()
    expect(await faultsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    for (const number of [0, 1, 2]) {
      await page.locator('.details .button').nth(number).click()
      await page.locator('dialog[open]').waitFor()
      expect(await isWider()).toBe(false)
      expect(await faultsOf(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
    }
    // Back where one came from.
    await page.keyboard.press('Escape')
    await page.locator('.details').waitFor({ state: 'detached' })
    await page.waitForFunction(() => document.activeElement?.closest('#details-button'))
  })
}
