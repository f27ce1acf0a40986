// Whatever can be opened where people and groups are looked after is for everybody: menus, questions, what is empty, what is gone.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import { found, LOOKS, watch } from './looks.js'
import { openPages } from './pages.js'

const dialog = (page: Page) => page.locator('dialog[open]')
const close = async (page: Page) => {
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
}

for (const [how, options] of LOOKS) {
  testInBrowser(`axe finds nothing in what is opened about groups: ${how}`, async () => {
    await using pages = await openPages()
    const { world } = pages
    const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
    const user_ids = [bob.id, carol.id]
    const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids })
    const { id: his } = await bob.post('/conversations', { type: 'group', name: 'Swimming', user_ids: [alice.id] })
    await alice.ask('PUT', `/conversations/${id}/bans/${carol.id}`, { reason: 'cut the rope' })
    const { look, faults } = watch()
    const page = await pages.enter('alice', options)
    const { url } = world.node
    await page.locator('a.entry').nth(1).waitFor()
    await page.getByLabel('Filter conversations').fill('nothing at all')
    await page.getByText('No conversation fits').waitFor()
    await look('nothing that fits', page)
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('radio', { name: 'Archived' }).check({ force: true })
    await page.getByText('Nothing is archived').waitFor()
    await look('nothing in the archive', page)

    await page.goto(`${url}/c/${id}/details`)
    const bobs = page.getByRole('button', { name: 'More for bob of Earshot' })
    for (const item of ['Nickname', 'Make owner instead of me', 'Remove from group', 'Ban']) {
      await bobs.click()
      await page.getByRole('menuitem', { name: item, exact: true }).click()
      await dialog(page).waitFor()
      await look(`member: ${item}`, page)
      await close(page)
    }
    for (const item of ['Banned people', 'Leave group', 'Delete group']) {
      await page.locator('.details').getByRole('button', { name: item }).click()
      await dialog(page).waitFor()
      if (item === 'Banned people') await dialog(page).getByText('cut the rope').waitFor()
      await look(`group: ${item}`, page)
      await close(page)
    }
    await page.goto(`${url}/c/${his}`)
    await page.locator('.composer').waitFor()
    await bob.delete(`/conversations/${his}/members/${alice.id}`)
    await page.getByRole('heading', { name: 'You were removed from “Swimming”' }).waitFor()
    await look('gone', page)
    expect(found(faults)).toEqual({})
    expect(Object.keys(faults).length).toBe(10)
    expect(pages.errors).toEqual([])
  })

  testInBrowser(`axe finds nothing in what is opened about people and oneself: ${how}`, async () => {
    await using pages = await openPages()
    const [alice, bob] = await pages.world.people('alice', 'bob')
    const { id: direct } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
    const { look, faults } = watch()
    const page = await pages.enter('alice', options)
    const { url } = pages.world.node
    await page.goto(`${url}/c/${direct}/details`)
    await page.locator('.details').getByRole('button', { name: 'Block' }).click()
    await dialog(page).waitFor()
    await look('a person, and whether to block them', page)
    await close(page)
    await page.goto(`${url}/settings/account`)
    await page.getByRole('button', { name: 'Delete account' }).click()
    await dialog(page).getByRole('button', { name: 'Delete account' }).click()
    await dialog(page).getByText('This is not your username.').waitFor()
    await look('deleting the account', page)
    await close(page)
    await page.goto(`${url}/settings/blocked`)
    await page.getByText('Nobody is blocked').waitFor()
    await look('nobody is blocked', page)
    const second = await page.context().newPage()
    await second.goto(url)
    await second.getByText('open in another tab').waitFor()
    await look('another tab', second)
    await second.close()
    await alice.ask('DELETE', '/sessions')
    await page.getByText('Your session has ended').waitFor()
    await page.locator('input[name=login]').fill('alice')
    await page.locator('input[name=password]').fill('not hers at all')
    await page.locator('button[type=submit]').click()
    await page.getByRole('alert').waitFor()
    await look('signing in again, with a wrong password', page)
    expect(found(faults)).toEqual({})
    expect(Object.keys(faults).length).toBe(5)
    expect(pages.errors).toEqual([])
  })
}
