// `earshot epoch bump` as a process, beside a node that runs.
import { expect, test } from 'vitest'
import { startWorld } from '../support/world.js'
import { earshot } from './earshot.js'

test('after it every client loads afresh, those that are connected and those that come back later', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const ear = await alice.connect()
  const token = await bob.position()
  const run = earshot({ DATABASE_URL: world.database.url }, 'epoch', 'bump')
  expect(await run.exit, run.output()).toBe(0)
  expect(await ear.closed).toMatchObject({ code: 4400 })
  expect(ear.news.at(-1)).toMatchObject({ type: 'resync', data: { reason: 'epoch' } })
  expect(await bob.ask('GET', `/sync?since=${token}`)).toMatchObject({ status: 410, body: { code: 'sync.resync' } })
  const back = await bob.resume(token)
  expect(back.all('resync')[0]?.data).toEqual({ reason: 'epoch' })
  await alice.say(id, 'it goes on')
  await back.next('message.created', ({ data }) => data.content === 'it goes on')
  // What is handed out from now on is good.
  expect((await bob.resume(await bob.position())).all('resumed')).toHaveLength(1)
})
