// Bad days: networks that go, a server that is killed, a database that takes nothing. Two people write on through all of it, and
// at the end both see what the server has, each message once.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { startProcess } from '../support/process-node.js'
import { banner, calledSent, expectAgreement, shown, TALL, untilKept, untilSeen, words, write } from './agreement.js'
import { openPages, PATIENT, type Pages } from './pages.js'

type Talk = { alice: Person; bob: Person; id: string; screens: [alice: Page, bob: Page] }

/** Both at their pages, in a group of theirs. */
async function meet(pages: Pages): Promise<Talk> {
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await pages.world.group(alice, bob)
  const enter = async (name: string) => {
    const page = await pages.enter(name, TALL)
    await page.locator('a.entry').click()
    await page.locator('.composer').waitFor()
    return page
  }
  return { alice, bob, id, screens: [await enter('alice'), await enter('bob')] }
}

/** What a page calls sent, the database has. */
async function expectHonest({ id, screens }: Talk, pages: Pages): Promise<void> {
  const claims = await Promise.all(screens.map(calledSent))
  const session = await pages.world.session()
  const { rows } = await session.query('select content from messages where conversation_id = $1', [id])
  await session.end()
  const stored = new Set(rows.map(({ content }) => content))
  expect(claims.flat().filter((one) => !stored.has(one))).toEqual([])
}

testInBrowser(
  'two who lose the network, one after the other, agree on every word once they have it again',
  async () => {
    await using pages = await openPages()
    const talk = await meet(pages)
    const { bob, id, screens } = talk
    const [hers, his] = screens
    await write(hers, 'a1')
    await write(his, 'b1')
    for (const page of screens) await expect.poll(() => words(page), PATIENT).toHaveLength(2)
    await untilKept(hers, id, 3)
    await untilKept(his, id, 3)

    await hers.context().setOffline(true)
    await write(hers, 'a2', 'a3')
    await write(his, 'b2')
    await banner(hers).getByText('You are offline. 2 messages wait to be sent.').waitFor()
    expect(await shown(hers, 'b2').count()).toBe(0)
    await his.context().setOffline(true)
    await write(his, 'b3', 'b4')
    await banner(his).getByText('You are offline. 2 messages wait to be sent.').waitFor()
    await write(hers, 'a4')
    // A page that is loaded without a network has all of it still, and calls nothing sent that is not.
    for (const [page, waiting, mine] of [
      [hers, 3, ['a2', 'a3', 'a4']],
      [his, 2, ['b3', 'b4']],
    ] as const) {
      await page.reload()
      await banner(page).getByText(`You are offline. ${waiting} messages wait to be sent.`).waitFor()
      await expect.poll(() => page.locator('.message.waiting .words').allInnerTexts(), PATIENT).toEqual(mine)
      await write(page, `${mine[0].charAt(0)}5`)
      await banner(page)
        .getByText(`You are offline. ${waiting + 1} messages wait to be sent.`)
        .waitFor()
      await untilSeen(page)
    }
    await expectHonest(talk, pages)

    await hers.context().setOffline(false)
    await banner(hers).getByText('Everything is up to date again.').waitFor()
    await expect.poll(() => hers.locator('.message.waiting').count(), PATIENT).toBe(0)
    await his.context().setOffline(false)
    await banner(his).getByText('Everything is up to date again.').waitFor()
    await expectAgreement(bob, id, screens, [
      ['a1', 'a2', 'a3', 'a4', 'a5'],
      ['b1', 'b2', 'b3', 'b4', 'b5'],
    ])
    for (const page of screens) await banner(page).waitFor({ state: 'detached' })
    // Nor is it another thing after one more load.
    for (const page of screens) await page.reload()
    await expectAgreement(bob, id, screens, [
      ['a1', 'a2', 'a3', 'a4', 'a5'],
      ['b1', 'b2', 'b3', 'b4', 'b5'],
    ])
    expect(pages.errors).toEqual([])
  },
)

testInBrowser('a server that is killed again and again in mid-conversation costs nobody a word', async () => {
  await using pages = await openPages()
  const { world } = pages
  const { port } = new URL(world.node.url)
  const talk = await meet(pages)
  const { bob, id, screens } = talk
  const [hers, his] = screens
  await world.node.stop()
  let node = await startProcess(world, port)
  const [mine, theirs]: [string[], string[]] = [[], []]
  const say = async (label: string, count: number) => {
    const numbered = (who: string) => Array.from({ length: count }, (_, index) => `${who} ${label}.${index}`)
    const [a, b] = [numbered('a'), numbered('b')]
    mine.push(...a)
    theirs.push(...b)
    await Promise.all([write(hers, ...a), write(his, ...b)])
  }
  // It is said for some seconds only, on both pages at about the same time.
  const told = () =>
    Promise.all(screens.map((page) => banner(page).getByText('Everything is up to date again.').waitFor(PATIENT)))
  for (let kill = 1; kill <= 3; kill++) {
    await say(`before ${kill}`, 2)
    // At once: of what was just written some is on its way, and some is not.
    await Promise.all([say(`meanwhile ${kill}`, 3), node.kill()])
    await expectHonest(talk, pages)
    await say(`after ${kill}`, 1)
    for (const page of screens) await banner(page).getByText('wait').waitFor()
    for (const page of screens) await untilSeen(page)
    node = await startProcess(world, port)
    const back = told()
    // Each fall makes them wait longer before they try again; a network that is there ends that.
    for (const page of screens) await page.evaluate(() => dispatchEvent(new Event('online')))
    await back
    await expect.poll(() => calledSent(hers).then((all) => all.at(-1)), PATIENT).toBe(mine.at(-1))
    await expectHonest(talk, pages)
  }
  await expectAgreement(bob, id, screens, [mine, theirs])
  expect(pages.errors).toEqual([])
})

testInBrowser('while the database takes nothing a message waits, and is no other one afterwards', async () => {
  await using pages = await openPages()
  const { world } = pages
  const talk = await meet(pages)
  const { alice, bob, id, screens } = talk
  const [hers] = screens
  await write(hers, 'before')
  await expect.poll(() => calledSent(hers), PATIENT).toEqual(['before'])
  const psql = await world.session()
  const name = new URL(world.database.url).pathname.slice(1)
  const cut =
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
  await psql.query(`alter database ${name} set default_transaction_read_only = on`)
  await psql.query(cut)
  const patch = () => alice.ask('PATCH', '/users/me', { bio: crypto.randomUUID() })
  await expect.poll(async () => (await patch()).status, PATIENT).toBe(503)
  await write(hers, 'in between', 'and another')
  const waiting = hers.locator('.message.waiting .words')
  await expect.poll(() => waiting.allInnerTexts(), PATIENT).toEqual(['in between', 'and another'])
  // What cannot wait is told by the one who asked for it.
  await hers.locator('.message:not(.waiting)', { hasText: 'before' }).click({ button: 'right' })
  await hers.getByRole('menuitem', { name: 'Delete' }).click()
  await hers.getByRole('button', { name: 'Delete for everyone' }).click()
  await hers.getByRole('dialog').getByText('The server cannot do this just now.').waitFor()
  await hers.keyboard.press('Escape')
  await expectHonest(talk, pages)
  expect(await waiting.allInnerTexts()).toEqual(['in between', 'and another'])

  await psql.query('set default_transaction_read_only = off')
  await psql.query(`alter database ${name} reset default_transaction_read_only`)
  await psql.query(cut)
  await expectAgreement(bob, id, screens, [['before', 'in between', 'and another']])
  expect(pages.errors).toEqual([])
})

testInBrowser('whoever writes more than is allowed sends it a little later, in the same order', async () => {
  await using pages = await openPages({ RATE_LIMIT_MESSAGE: '3/3s' })
  const { bob, id, screens } = await meet(pages)
  const [hers] = screens
  const texts = Array.from({ length: 7 }, (_, index) => `line ${index}`)
  await write(hers, ...texts)
  await hers.locator('.message.waiting').first().waitFor()
  await expectAgreement(bob, id, screens, [texts])
  expect(pages.errors).toEqual([])
})
