// Two people who talk to a newcomer, on a server that somebody tries out.
import { expect, test } from 'vitest'
import { RunningDemos } from '../../src/demo/running-demos.js'
import { SCRIPT } from '../../src/demo/script.js'
import { createLogger } from '../../src/observe.js'
import { startWorld } from '../support/world.js'
import { listen } from './listen.js'

const DEVELOPMENT = { NODE_ENV: 'development' }

test('whoever asks for it is in a group with two people who begin to talk, and is told so', async () => {
  await using world = await startWorld(DEVELOPMENT)
  const alice = await world.person('alice')
  expect(await alice.get('/demo')).toEqual({ conversation_id: null })
  const ear = await listen(alice)
  const { status, body } = await alice.ask('POST', '/demo')
  expect(status).toBe(201)
  expect(await alice.get('/demo')).toEqual(body)
  const group = await alice.get(`/conversations/${body.conversation_id}`)
  expect(group).toMatchObject({ type: 'group', member_count: 3 })
  const { data } = await ear.next('message.created', (frame) => frame.data.sender_id !== null)
  expect(data).toMatchObject({ conversation_id: body.conversation_id, content: SCRIPT[0]?.text })
})

test('one at a time: a second one is refused, also while the first one begins; somebody else has one of their own', async () => {
  await using world = await startWorld(DEVELOPMENT)
  const [alice, bob] = await world.people('alice', 'bob')
  const both = await Promise.all([alice.ask('POST', '/demo'), alice.ask('POST', '/demo')])
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  expect(both.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'demo.running' })
  expect((await alice.ask('POST', '/demo')).body).toMatchObject({ code: 'demo.running' })
  expect(await bob.get('/demo')).toEqual({ conversation_id: null })
  expect((await bob.ask('POST', '/demo')).status).toBe(201)
  expect((await alice.get('/conversations')).data.length).toBe(1)
})

test('ten on a node, and no more', async () => {
  await using world = await startWorld(DEVELOPMENT)
  const names = Array.from({ length: 11 }, (_, index) => `person${index}`)
  const people = await world.people(...names)
  const ends: number[] = []
  for (const one of people) ends.push((await one.ask('POST', '/demo')).status)
  expect(ends).toEqual([...Array(10).fill(201), 503])
  const refused = await people.at(-1)?.ask('POST', '/demo')
  expect(refused?.body).toMatchObject({ code: 'overloaded' })
  expect(refused?.headers.get('retry-after')).toBe('60')
}, 60_000)

test('one that could not begin is not counted, and says why', async () => {
  await using world = await startWorld({ ...DEVELOPMENT, RATE_LIMIT_REGISTER: '2/1h' })
  const alice = await world.person('alice')
  for (let attempt = 0; attempt < 2; attempt++) {
    const { status, body } = await alice.ask('POST', '/demo')
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'overloaded' })
  }
  expect(await alice.get('/demo')).toEqual({ conversation_id: null })
})

for (const NODE_ENV of ['production', 'test']) {
  test(`there is no such route with NODE_ENV=${NODE_ENV}`, async () => {
    await using world = await startWorld({ NODE_ENV })
    const alice = await world.person('alice')
    for (const method of ['GET', 'POST']) {
      const { status, body } = await alice.ask(method, '/demo')
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'route.not_found' })
    }
    expect((await alice.get('/conversations')).data).toEqual([])
  })
}

test('without a token nobody talks', async () => {
  await using world = await startWorld(DEVELOPMENT)
  const answer = await fetch(`${world.node.url}/api/v1/demo`, { method: 'POST' })
  expect(answer.status).toBe(401)
  expect(await answer.json()).toMatchObject({ code: 'auth.unauthenticated' })
})

test('they leave off when the node stops, and nobody begins any more', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const demos = new RunningDemos(() => world.node.url, createLogger('silent'))
  const id = await demos.begin(alice.id)
  expect(demos.of(alice.id)).toBe(id)
  await demos.stop()
  expect(demos.of(alice.id)).toBeUndefined()
  await expect(demos.begin(bob.id)).rejects.toMatchObject({ code: 'overloaded' })
  // What was said stays.
  expect((await alice.get(`/conversations/${id}`)).member_count).toBe(3)
})
