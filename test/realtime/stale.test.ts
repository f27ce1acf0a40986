// A node whose database is away keeps its sockets, says that it hears nothing, and when it does again.
import { expect, test } from 'vitest'
import type { Frame } from '../support/ear.js'
import { openRelay } from '../support/relay.js'
import { startWorld } from '../support/world.js'

/** That the group was made may be heard as well. */
const isSaid = ({ data }: Frame) => data.content !== null

test('while the log cannot be read every socket is told so once, stays, and hears afterwards what was said', async () => {
  await using world = await startWorld()
  const relay = await openRelay(world.database.url)
  const node = await world.addNode({ DATABASE_URL: relay.url, WS_STALE: '3s' })
  const alice = await world.person('alice')
  const [bob, carol] = [await world.person('bob', node), await world.person('carol', node)]
  const { id } = await world.group(alice, bob, carol)
  const ears = [await bob.connect(), await carol.connect()]
  const elsewhere = await alice.connect()
  await bob.settled()
  const cutAt = Date.now()
  relay.cut()
  for (const ear of ears) {
    const { data } = await ear.next('stale')
    expect(Math.abs(Date.parse(data.since) - cutAt)).toBeLessThan(3_000)
  }
  // Nothing has to be read for somebody whose sockets are here.
  const late = await bob.connect()
  await late.next('stale')
  expect(late.news.map(({ type }) => type)).toEqual(['hello', 'stale'])
  const refused = await late.command('message.send', { conversation_id: id, content: 'into the void' })
  expect(refused).toMatchObject({ ok: false, error: { code: 'unavailable', retry_after: 1 } })
  expect(await late.command('ping')).toMatchObject({ ok: true })
  await alice.say(id, 'said meanwhile')

  await relay.restore()
  for (const ear of [...ears, late]) {
    await ear.next('message.created', isSaid)
    await ear.seen(({ type }) => type === 'fresh')
    expect(ear.isOpen).toBe(true)
  }
  await Promise.all([bob.settled(), carol.settled(), alice.settled()])
  for (const ear of [...ears, late]) {
    expect(
      ear
        .all('message.created')
        .filter(isSaid)
        .map(({ data }) => data.content),
    ).toEqual(['said meanwhile'])
    expect([ear.all('stale').length, ear.all('fresh').length]).toEqual([1, 1])
  }
  // The other node was never behind, and a socket that comes now has nothing to be told.
  expect(elsewhere.frames.filter(({ type }) => type === 'stale' || type === 'fresh')).toEqual([])
  const after = await bob.connect()
  await bob.settled()
  expect(after.all('stale')).toEqual([])
})
