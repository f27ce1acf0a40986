// What a block stands in the way of: both ways, whoever began.
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { someoneWaits } from '../support/locks.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { add, block, blocked, direct, group, say, unblock } from './blocking.js'
import { listen } from './listen.js'
import { outcome } from './request.js'

let world: World
let psql: pg.Client
beforeAll(async () => {
  world = await startWorld()
  psql = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())

test('two of whom one has blocked the other begin no direct conversation, whoever asks', async () => {
  const [lea, max] = await world.people('lea', 'max')
  await blocked(lea, max)
  for (const [one, other] of [
    [lea, max],
    [max, lea],
  ] as const) {
    expect(await outcome(direct(one, other))).toBe('403 user.blocked')
    expect((await one.get('/conversations')).data).toEqual([])
  }
  await unblock(lea, max)
  expect(await outcome(direct(max, lea))).toBe('201')
})

test('a direct conversation that exists can be found and read by both, but neither says anything in it', async () => {
  const [mia, noel] = await world.people('mia', 'noel')
  const { id } = (await direct(mia, noel)).body
  const said = { mia: await mia.say(id, 'from mia'), noel: await noel.say(id, 'from noel') }
  await blocked(mia, noel)
  const ears = [await listen(mia), await listen(noel)]
  for (const [who, other, mine, theirs, ear] of [
    [mia, noel, said.mia, said.noel, ears[0]!],
    [noel, mia, said.noel, said.mia, ears[1]!],
  ] as const) {
    const again = await direct(who, other)
    expect([again.status, again.body.id]).toEqual([200, id])
    expect((await who.get(`/conversations/${id}/messages`)).data).toEqual([said.mia, said.noel])
    expect(await who.get(`/messages/${theirs.id}`)).toEqual(theirs)
    expect(await outcome(say(who, id))).toBe('403 user.blocked')
    expect(await outcome(who.ask('PATCH', `/messages/${mine.id}`, { content: 'changed' }))).toBe('403 user.blocked')
    const commands = [
      ['message.send', { conversation_id: id, content: 'hello' }],
      ['message.edit', { message_id: mine.id, content: 'changed' }],
    ] as const
    for (const [type, data] of commands)
      expect(await ear.command(type, data)).toMatchObject({ ok: false, error: { code: 'user.blocked' } })
  }
  await mia.settled()
  await noel.settled()
  for (const ear of ears) expect(ear.stream(id)).toEqual([])

  // To take back what one has said is still one's own.
  expect(await outcome(noel.ask('DELETE', `/messages/${said.noel.id}`))).toBe('200')
  expect((await ears[1]!.command('message.delete', { message_id: said.noel.id })).ok).toBe(true)
  expect(await ears[0]!.next('message.deleted')).toMatchObject({ stream: id, data: { id: said.noel.id } })
  expect(await outcome(mia.ask('DELETE', `/messages/${said.mia.id}`))).toBe('200')

  await unblock(mia, noel)
  expect(await outcome(say(noel, id))).toBe('201')
  expect(await outcome(say(mia, id))).toBe('201')
})

test('a repeat of a message from before the block is refused as well', async () => {
  const [olaf, pia] = await world.people('olaf', 'pia')
  const { id } = (await direct(olaf, pia)).body
  const client_id = crypto.randomUUID()
  const send = () => olaf.ask('POST', `/conversations/${id}/messages`, { content: 'once', client_id })
  expect(await outcome(send())).toBe('201')
  await blocked(pia, olaf)
  expect(await outcome(send())).toBe('403 user.blocked')
  await unblock(pia, olaf)
  expect(await outcome(send())).toBe('200')
})

test('of two blocks both ways, taking one back leaves the other in force', async () => {
  const [quin, rosa] = await world.people('quin', 'rosa')
  const { id } = (await direct(quin, rosa)).body
  await blocked(quin, rosa)
  await blocked(rosa, quin)
  await unblock(quin, rosa)
  for (const person of [quin, rosa]) expect(await outcome(say(person, id))).toBe('403 user.blocked')
  await unblock(quin, rosa)
  expect(await outcome(say(quin, id))).toBe('403 user.blocked')
  await unblock(rosa, quin)
  for (const person of [quin, rosa]) expect(await outcome(say(person, id))).toBe('201')
})

test('neither adds the other to a group or founds one with them, and nobody is added when one is not', async () => {
  const [sam, tess, uwe, vera] = await world.people('sam', 'tess', 'uwe', 'vera')
  const [sams, tess_s] = [await world.group(sam, vera), await world.group(tess, vera)]
  await blocked(sam, tess)
  for (const [one, other, home] of [
    [sam, tess, sams],
    [tess, sam, tess_s],
  ] as const) {
    expect(await outcome(group(one, uwe, other))).toBe('403 user.blocked')
    expect(await outcome(add(one, home.id, uwe, other))).toBe('403 user.blocked')
    expect((await one.get(`/conversations/${home.id}`)).member_count).toBe(2)
    expect((await one.get('/conversations')).data).toHaveLength(1)
  }
  // Somebody whom it does not concern may bring them together, and who is in already is no news.
  const third = await world.group(uwe, sam)
  expect(await outcome(add(uwe, third.id, tess))).toBe('200')
  expect(await outcome(group(vera, sam, tess))).toBe('201')
  const before = await world.group(vera, uwe)
  await blocked(vera, uwe)
  expect((await add(vera, before.id, uwe, sam)).body.data).toHaveLength(1)
})

test('in a group that both are in, both hear the same stream and talk on', async () => {
  const [wim, xena, yara] = await world.people('wim', 'xena', 'yara')
  const home = await world.group(yara, wim, xena)
  const said = await xena.say(home.id, 'before')
  await blocked(wim, xena)
  const ears = [await listen(wim), await listen(xena), await listen(yara)]
  expect(await outcome(say(wim, home.id))).toBe('201')
  expect(await outcome(say(xena, home.id))).toBe('201')
  const replied = { content: 'a reply', reply_to_id: said.id }
  expect(await outcome(wim.ask('POST', `/conversations/${home.id}/messages`, replied))).toBe('201')
  expect(await outcome(xena.ask('PATCH', `/messages/${said.id}`, { content: 'after' }))).toBe('200')
  for (const person of [wim, xena, yara]) await person.settled()
  const [first, ...others] = ears.map((ear) => ear.stream(home.id))
  expect(first?.map((frame) => frame.type)).toEqual([
    'message.created',
    'message.created',
    'message.created',
    'message.edited',
  ])
  for (const other of others) expect(other).toEqual(first)
  const history = (as: Person) => as.get(`/conversations/${home.id}/messages`)
  expect(await history(wim)).toEqual(await history(xena))
})

test('a search by name finds neither of the two for the other, but ids are still answered', async () => {
  const [zoe1, zoe2, zoe3] = await world.people('zoe1', 'zoe2', 'zoe3')
  const search = async (as: Person) =>
    (await as.get('/users?query=zoe')).data.map((user: { username: string }) => user.username).sort()
  await blocked(zoe1, zoe2)
  expect(await search(zoe1)).toEqual(['zoe3'])
  expect(await search(zoe2)).toEqual(['zoe3'])
  expect(await search(zoe3)).toEqual(['zoe1', 'zoe2'])
  for (const [one, other] of [
    [zoe1, zoe2],
    [zoe2, zoe1],
  ] as const) {
    const found = await one.get(`/users/${other.id}`)
    expect(found.username).toBe(other.name)
    expect((await one.get(`/users?ids=${other.id}`)).data).toEqual([found])
  }
  await unblock(zoe1, zoe2)
  expect(await search(zoe2)).toEqual(['zoe1', 'zoe3'])
})

test('a send that waits for its turn while the other one blocks is refused', async () => {
  const [abe, bea] = await world.people('abe', 'bea')
  const { id } = (await direct(abe, bea)).body
  await psql.query('begin')
  await psql.query('select from streams where id = $1 for no key update', [id])
  const waiting = say(abe, id)
  await someoneWaits('%send_message%', await world.session())
  await blocked(bea, abe)
  await psql.query('commit')
  expect(await outcome(waiting)).toBe('403 user.blocked')
  expect((await bea.get(`/conversations/${id}/messages`)).data).toEqual([])
})

test('a conversation or a membership that is asked for while a block is being made waits for it, and is refused', async () => {
  const [cara, dirk, emil] = await world.people('cara', 'dirk', 'emil')
  const home = await world.group(cara, emil)
  const watcher = await world.session()
  for (const [one, other] of [
    [cara, dirk],
    [dirk, cara],
  ] as const) {
    for (const ask of [() => direct(cara, dirk), () => group(cara, dirk), () => add(cara, home.id, dirk)]) {
      // What a block needs last is held, so that it is made and not yet committed.
      await psql.query('begin')
      await psql.query('select from streams where id = $1 for no key update', [one.id])
      const making = block(one, other)
      await someoneWaits('%insert into "blocks"%', watcher)
      const waiting = ask()
      await someoneWaits('%from "users"%for share%', watcher)
      await psql.query('commit')
      expect([await outcome(making), await outcome(waiting)]).toEqual(['204', '403 user.blocked'])
      await unblock(one, other)
    }
  }
})

test('a block takes effect on the sockets of another node, either way', async () => {
  const second = await world.addNode()
  const [fred, gwen, hugo] = await world.people('fred', 'gwen', 'hugo')
  const home = await world.group(hugo, fred, gwen)
  const typing = (who: Person) => ({ type: 'typing.started', stream: home.id, data: { user_id: who.id } })
  const send = (...signals: object[]) =>
    psql.query(`select pg_notify('earshot', 's:elsewhere:' || $1)`, [JSON.stringify(signals)])
  const far = { fred: await world.device(fred, second), gwen: await world.device(gwen, second) }
  const ears = { fred: await listen(far.fred), gwen: await listen(far.gwen) }
  const heardOf = (ear: { all: (type: string) => { data?: { user_id: string } }[] }) =>
    ear.all('typing.started').map((frame) => frame.data?.user_id)
  let rounds = 0
  /** Both type, then hugo does: whoever has heard that has heard all that they will. */
  const hear = async (afterThat: string[][]) => {
    rounds++
    await far.fred.settled()
    await far.gwen.settled()
    const past = { fred: heardOf(ears.fred).length, gwen: heardOf(ears.gwen).length }
    await send(typing(fred), typing(gwen), typing(hugo))
    for (const ear of [ears.fred, ears.gwen]) {
      while (heardOf(ear).filter((id) => id === hugo.id).length < rounds)
        await ear.next('typing.started', (frame) => frame.data.user_id === hugo.id)
    }
    expect([heardOf(ears.fred).slice(past.fred), heardOf(ears.gwen).slice(past.gwen)]).toEqual(afterThat)
  }
  const [nobody, everybody] = [
    [[hugo.id], [hugo.id]],
    [
      [gwen.id, hugo.id],
      [fred.id, hugo.id],
    ],
  ]
  await hear(everybody)
  await blocked(fred, gwen)
  await hear(nobody)
  await blocked(gwen, fred)
  await unblock(fred, gwen)
  await hear(nobody)
  await unblock(gwen, fred)
  await hear(everybody)
})
