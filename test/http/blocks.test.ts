// My list of those with whom I want nothing to do: mine alone, and nobody else is told.
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { block, blocked, unblock } from './blocking.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let psql: pg.Client
beforeAll(async () => {
  world = await startWorld()
  psql = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())

const blocksOf = async (as: Person, query = '?limit=100') =>
  (await as.get(`/blocks${query}`)).data.map((row: { user: { id: string } }) => row.user.id)
/** So many people, without the price of hashing their passwords. */
const crowd = async (count: number): Promise<{ id: string }[]> =>
  (
    await psql.query(
      `insert into users (username, display_name) select 'c' || left(md5(random()::text), 20), 'Crowd'
       from generate_series(1, $1) returning id`,
      [count],
    )
  ).rows

test('a list holds those whom one has blocked oneself, the latest first, page by page', async () => {
  const [ada, ben, cleo, dora] = await world.people('ada', 'ben', 'cleo', 'dora')
  expect(await ada.get('/blocks')).toEqual({ data: [], next_cursor: null, has_more: false })
  for (const person of [ben, cleo, dora]) await blocked(ada, person)
  await blocked(ben, ada)
  const seen: { user: { id: string }; created_at: string }[] = []
  for (let query = '?limit=1'; query; ) {
    const { data, next_cursor, has_more } = await ada.get(`/blocks${query}`)
    expect(data).toHaveLength(1)
    expect(has_more).toBe(next_cursor !== null)
    seen.push(...data)
    query = has_more ? `?limit=1&cursor=${next_cursor}` : ''
  }
  expect(seen.map((row) => row.user.id)).toEqual([dora.id, cleo.id, ben.id])
  expect(seen[2]).toEqual({ user: await ada.get(`/users/${ben.id}`), created_at: expect.stringMatching(/Z$/) })
  expect(await blocksOf(ben)).toEqual([ada.id])
  expect(await blocksOf(cleo)).toEqual([])
  for (const query of ['limit=0', 'limit=101', 'cursor=made-up', `user_id=${ben.id}`])
    expect(await outcome(ada.ask('GET', `/blocks?${query}`))).toBe('422 request.invalid')
})

test('people who were blocked in one instant are listed once each', async () => {
  const una = await world.person('una')
  const people = (await crowd(7)).map((row) => row.id)
  await psql.query('insert into blocks (blocker_id, blocked_id) select $1, unnest($2::uuid[])', [una.id, people])
  const first = await una.get('/blocks?limit=4')
  const rest = await blocksOf(una, `?limit=4&cursor=${first.next_cursor}`)
  expect([...first.data.map((row: { user: { id: string } }) => row.user.id), ...rest].sort()).toEqual(people.sort())
})

test('to block and to unblock is safe to repeat', async () => {
  const [eva, finn] = await world.people('eva', 'finn')
  const phone = await world.device(eva)
  expect(await outcome(unblock(eva, finn))).toBe('204')
  expect(await outcomes([eva, phone, eva, phone].map((device) => block(device, finn)))).toEqual(Array(4).fill('204'))
  expect(await outcome(block(eva, { id: finn.id.toUpperCase() }))).toBe('204')
  expect(await blocksOf(eva)).toEqual([finn.id])
  const { rows } = await psql.query(`select type from events where stream_id = $1 and type like 'block.%'`, [eva.id])
  expect(rows).toEqual([{ type: 'block.added' }])
  expect(await outcomes([eva, phone].map((device) => unblock(device, finn)))).toEqual(['204', '204'])
  expect(await blocksOf(eva)).toEqual([])
})

test('only somebody else who is there can be blocked', async () => {
  const [gina, gone] = await world.people('gina', 'gone')
  await gone.delete('/users/me')
  expect(await outcome(block(gina, gina))).toBe('422 block.oneself')
  expect(await outcome(block(gina, { id: gina.id.toUpperCase() }))).toBe('422 block.oneself')
  for (const id of [gone.id, crypto.randomUUID()]) expect(await outcome(block(gina, { id }))).toBe('404 user.not_found')
  expect(await outcome(unblock(gina, { id: crypto.randomUUID() }))).toBe('204')
  for (const request of [block, unblock]) expect(await outcome(request(gina, { id: 'me' }))).toBe('422 request.invalid')
  expect(await blocksOf(gina)).toEqual([])
})

test('two who block each other at the same moment both succeed', async () => {
  const [hans, ina] = await world.people('hans', 'ina')
  for (let round = 0; round < 5; round++) {
    expect(await outcomes([block(hans, ina), block(ina, hans)])).toEqual(['204', '204'])
    expect(await outcomes([unblock(hans, ina), unblock(ina, hans)])).toEqual(['204', '204'])
  }
})

test('a user blocks as many as they may, and not one more, however they try', async () => {
  await using small = await startWorld({ MAX_BLOCKS: '2' })
  const [ann, ben, cleo, dan, eve] = await small.people('ann', 'ben', 'cleo', 'dan', 'eve')
  await blocked(ben, ann)
  expect(await outcomes([ben, cleo, dan, eve].map((person) => block(ann, person)))).toEqual([
    '204',
    '204',
    '409 block.too_many',
    '409 block.too_many',
  ])
  const [one, other] = await blocksOf(ann)
  expect(await outcome(block(ann, { id: one }))).toBe('204')
  expect(await outcome(unblock(ann, { id: other }))).toBe('204')
  const free = [ben, cleo, dan, eve].find((person) => person.id !== one && person.id !== other)
  expect(await outcome(block(ann, free!))).toBe('204')
  expect(await outcome(block(ann, { id: other }))).toBe('409 block.too_many')
  expect(await blocksOf(ann)).toHaveLength(2)
})

test('the own devices hear of it, and the other one hears and sees nothing', async () => {
  const second = await world.addNode()
  const [jan, kim] = await world.people('jan', 'kim')
  const phone = await world.device(jan, second)
  const before = await kim.get(`/users/${jan.id}`)
  const [laptopsEar, phonesEar, kimsEar] = [await listen(jan), await listen(phone), await listen(kim)]
  await blocked(jan, kim)
  expect(await outcome(unblock(jan, kim))).toBe('204')
  await blocked(jan, kim)
  await jan.settled()
  await phone.settled()
  for (const ear of [laptopsEar, phonesEar])
    expect(
      ear.frames
        .filter((frame) => frame.type.startsWith('block.'))
        .map(({ type, stream, data }) => [type, stream, data]),
    ).toEqual(['block.added', 'block.removed', 'block.added'].map((type) => [type, jan.id, { user_id: kim.id }]))
  await kim.settled()
  expect(kimsEar.news.map((frame) => [frame.type, frame.stream])).toEqual([['user.updated', kim.id]])
  // Jan's own mark was set while waiting; everything else is as it was.
  expect({ ...(await kim.get(`/users/${jan.id}`)), status_text: '' }).toEqual({ ...before, status_text: '' })
})

test('an account that ends takes its own blocks with it, and those against it can be taken back', async () => {
  const [iris, jack, kate] = await world.people('iris', 'jack', 'kate')
  await blocked(iris, jack)
  await blocked(kate, iris)
  const ears = [await listen(jack), await listen(kate)]
  expect(await outcome(iris.ask('DELETE', '/users/me'))).toBe('204')
  const left = await psql.query('select blocker_id from blocks where $1 in (blocker_id, blocked_id)', [iris.id])
  expect(left.rows).toEqual([{ blocker_id: kate.id }])
  await jack.settled()
  await kate.settled()
  for (const ear of ears) expect(ear.news.map((frame) => frame.type)).toEqual(['user.updated'])
  expect((await kate.get('/blocks')).data[0].user).toMatchObject({ id: iris.id, deleted: true, display_name: null })
  expect(await outcome(unblock(kate, iris))).toBe('204')
  expect(await blocksOf(kate)).toEqual([])
})

test('blocks that are made and taken back while accounts end leave nothing of those who are gone', async () => {
  const lars = await world.person('lars')
  for (let round = 0; round < 4; round++) {
    const leaving = await world.person(`leaving${round}`)
    const phone = await world.device(leaving)
    await blocked(leaving, lars)
    const ends = await Promise.all([
      outcome(leaving.ask('DELETE', '/users/me')),
      outcome(unblock(phone, lars)),
      outcome(block(phone, lars)),
      outcome(block(lars, leaving)),
    ])
    expect(ends[0]).toBe('204')
    expect(ends.filter((end) => end.startsWith('5'))).toEqual([])
    expect((await psql.query('select from blocks where blocker_id = $1', [leaving.id])).rowCount).toBe(0)
  }
})
