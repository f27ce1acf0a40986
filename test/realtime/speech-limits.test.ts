// How much may be said: commands of a socket, and messages of a user however they are sent.
import { expect, test } from 'vitest'
import { outcome } from '../http/request.js'
import { Clock } from '../support/clock.js'
import type { Ear, Frame } from '../support/ear.js'
import { startWorld } from '../support/world.js'

const LIMITED = { ok: false, error: { code: 'rate_limited', retry_after: 60 } }

test('up to the limit commands are done, one past it is told when to come back; other sockets notice nothing', async () => {
  const clock = new Clock()
  await using world = await startWorld({ WS_COMMANDS: '3/1m' }, clock)
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const [ear, other] = [await alice.connect(), await alice.connect()]
  const act = (one: Ear) => one.command('presence.set', { status: 'busy' })
  for (let times = 0; times < 3; times++) expect(await act(ear)).toMatchObject({ ok: true })
  expect(await act(ear)).toMatchObject(LIMITED)
  expect(await ear.command('message.send', { conversation_id: group.id, content: 'too much' })).toMatchObject(LIMITED)
  expect(await act(other)).toMatchObject({ ok: true })
  // It still hears, and its own pings are answered.
  await bob.say(group.id, 'hello')
  await ear.next('message.created', (frame) => frame.data.content === 'hello')
  expect(
    (await alice.get(`/conversations/${group.id}/messages`)).data.map((one: Frame['data']) => one.content),
  ).toEqual([null, 'hello'])
  clock.pass(59)
  expect(await act(ear)).toMatchObject({ ok: false, error: { code: 'rate_limited', retry_after: 1 } })
  clock.pass(1)
  expect(await act(ear)).toMatchObject({ ok: true })
})

test('ping and auth.renew are not counted, and answered beyond the limit too', async () => {
  await using world = await startWorld({ WS_COMMANDS: '1/1m' }, new Clock())
  const alice = await world.person('alice')
  const ear = await alice.connect()
  const codeOf = async (type: string, data?: unknown) => (await ear.command(type, data)).error?.code
  for (let times = 0; times < 5; times++) {
    expect(await codeOf('ping')).toBeUndefined()
    expect(await codeOf('auth.renew', { token: 'nonsense' })).not.toBe('rate_limited')
  }
  expect(await codeOf('presence.set', { status: 'busy' })).toBeUndefined()
  expect(await codeOf('presence.set', { status: 'busy' })).toBe('rate_limited')
  expect(await codeOf('ping')).toBeUndefined()
  expect(await codeOf('auth.renew', { token: 'nonsense' })).not.toBe('rate_limited')
})

test('what is no command, or none that there is, is counted as well', async () => {
  await using world = await startWorld({ WS_COMMANDS: '3/1m' }, new Clock())
  const alice = await world.person('alice')
  const ear = await alice.connect()
  const errorTo = async (text: string) => {
    ear.socket.send(text)
    return (await ear.next('error')).error.code
  }
  expect(await errorTo('{"id":')).toBe('frame.malformed')
  expect(await errorTo('[]')).toBe('frame.malformed')
  expect((await ear.command('message.sing', {})).error.code).toBe('command.unknown')
  expect(await errorTo('[]')).toBe('rate_limited')
  expect(await ear.command('message.sing', {})).toMatchObject(LIMITED)
  expect(await ear.command('ping')).toMatchObject({ ok: true })
})

test('beyond the limit a long frame is not even read; who sent it is told by the id that it begins with', async () => {
  await using world = await startWorld({ WS_COMMANDS: '2/1m' }, new Clock())
  const alice = await world.person('alice')
  const ear = await alice.connect()
  const long = 'x'.repeat(10_000)
  const errorTo = async (text: string) => {
    ear.socket.send(text)
    return (await ear.next('error')).error.code
  }
  const replyTo = async (text: string) => {
    ear.socket.send(text)
    return ear.next('reply')
  }
  // Within the limit it is read, whatever is wrong with it.
  expect(await replyTo(`{"id":"a","type":"${long}"}`)).toMatchObject({ id: 'a', error: { code: 'frame.malformed' } })
  expect(await errorTo(`"${long}"`)).toBe('frame.malformed')
  expect(await replyTo(`{"id":"b\\"","type":"${long}`)).toMatchObject({ id: 'b"', ...LIMITED })
  expect(await errorTo(`{"type":"${long}","id":"c"}`)).toBe('rate_limited')
  expect(await errorTo(`{"id":"${long}"}`)).toBe('rate_limited')
})

test('messages of a user are one count, over REST, in a form and over any socket', async () => {
  const clock = new Clock()
  await using world = await startWorld({ RATE_LIMIT_MESSAGE: '4/1m' }, clock)
  const [alice, bob] = await world.people('alice', 'bob')
  const tablet = await world.device(alice)
  const group = await world.group(alice, bob)
  const [ear, other] = [await alice.connect(), await tablet.connect()]
  const path = `/conversations/${group.id}`
  const overRest = (content: string) => alice.ask('POST', `${path}/messages`, { content })
  const overSocket = (content: string, one = ear) => one.command('message.send', { conversation_id: group.id, content })
  const inForm = (content: string) => alice.sendForm(`${path}/attachments`, { content, file: new File(['x'], 'x.txt') })
  const told = (answer: { headers: Headers }) => [
    answer.headers.get('ratelimit'),
    answer.headers.get('ratelimit-policy'),
    answer.headers.get('retry-after'),
  ]

  const first = await overRest('one')
  expect([first.status, ...told(first)]).toEqual([201, '"message";r=3;t=60', '"message";q=4;w=60', null])
  expect(await overSocket('two')).toMatchObject({ ok: true })
  expect(await overSocket('three', other)).toMatchObject({ ok: true })
  const fourth = await inForm('four')
  expect([fourth.status, ...told(fourth)]).toEqual([
    201,
    expect.stringMatching(/^"upload";r=9999;t=\d+, "message";r=0;t=60$/),
    '"upload";q=10000;w=60, "message";q=4;w=60',
    null,
  ])

  expect(await overSocket('five')).toMatchObject(LIMITED)
  expect(await overSocket('five', other)).toMatchObject(LIMITED)
  clock.pass(15)
  const refused = await overRest('five')
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
  expect(told(refused)).toEqual(['"message";r=0;t=45', '"message";q=4;w=60', '45'])
  expect(await outcome(inForm('five'))).toBe('429 rate_limited')
  const { data } = await alice.get(`${path}/messages`)
  expect(data.map((one: Frame['data']) => one.content)).toEqual([null, 'one', 'two', 'three', 'four'])

  // What is no message of theirs is not counted.
  await alice.patch(`/messages/${first.body.id}`, { content: 'once' })
  await alice.delete(`/messages/${first.body.id}`)
  expect(await ear.command('receipt.update', { conversation_id: group.id, read_number: 3 })).toMatchObject({ ok: true })
  expect((await bob.say(group.id, 'six')).content).toBe('six')
  const elsewhere = await world.addNode()
  expect(
    await outcome(
      world.device(alice, elsewhere).then((one) => one.ask('POST', `${path}/messages`, { content: 'seven' })),
    ),
  ).toBe('201')

  clock.pass(45)
  expect(await overSocket('eight')).toMatchObject({ ok: true })
  expect(await outcome(overRest('nine'))).toBe('201')
})
