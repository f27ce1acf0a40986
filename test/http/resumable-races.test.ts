// Several who work on one upload at the same time.
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DiskStorage } from '../../src/media/disk-storage.js'
import type { Person } from '../support/person.js'
import * as tus from '../support/uploading.js'
import { startWorld, type World } from '../support/world.js'
import { outcome, outcomes } from './request.js'

const { MIB, begun, append, head, complete, offsetOf, text, until } = tus

let world: World
let alice: Person
beforeAll(async () => {
  world = await startWorld()
  alice = await world.person('alice')
})
afterAll(() => world[Symbol.asyncDispose]())

test('of two requests at once the later one goes on, and the bytes stay right', async () => {
  const id = await begun(alice, 8)
  const first = tus.openAppend(alice, id, 0, 8)
  first.write('evil')
  await tus.arriving(world)
  const files = () => tus.filesIn(world, 'staging')
  const before = await files()
  expect(await outcome(append(alice, id, 0, 'good'))).toBe('204')
  first.write('evil')
  first.end()
  expect(await first.answer).toEqual({ status: 423, code: 'upload.locked' })
  expect((await files()).length).toBe(before.length + 1)
  expect(await outcome(append(alice, id, 4, 'good'))).toBe('204')
  expect((await complete(alice, id)).body.sha256).toBe(tus.sha256('goodgood'))
})

test('whoever was overtaken adds nothing, also when they are the first to be done', async () => {
  const id = await begun(alice, 4)
  const psql = await world.session()
  const writer = async () => (await psql.query('select writer from uploads where id = $1', [id])).rows[0].writer
  const first = tus.openAppend(alice, id, 0, 4)
  first.write('ev')
  const overtaken = await until(writer, (found) => found !== null)
  const second = tus.openAppend(alice, id, 0, 4)
  second.write('go')
  await until(writer, (found) => found !== overtaken)
  first.write('il')
  first.end()
  expect(await first.answer).toEqual({ status: 423, code: 'upload.locked' })
  expect(await offsetOf(alice, id)).toBe(0)
  second.write('od')
  second.end()
  expect(await second.answer).toEqual({ status: 204 })
  expect((await complete(alice, id)).body.sha256).toBe(tus.sha256('good'))
})

/** In this database: others are beside it. */
const WAITING = `select count(*)::int as waiting from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`

/** Runs `meanwhile` when a request to complete it has read all of it and is about to enter what it is. */
async function whileCompleting(id: string, meanwhile: (sql: (text: string) => Promise<unknown>) => Promise<unknown>) {
  const [holder, psql] = [await world.session(), await world.session()]
  await holder.query('begin')
  await holder.query('select from media_usage where user_id = $1 for update', [alice.id])
  const completing = complete(alice, id)
  await until(
    async () => (await psql.query(WAITING)).rows[0].waiting,
    (waiting) => waiting > 0,
  )
  await meanwhile((text) => psql.query(text, [id]))
  await holder.query('rollback')
  return outcome(completing)
}

test('given up while it is taken in, it comes to nothing', async () => {
  const id = await begun(alice, 4)
  await append(alice, id, 0, text(4))
  const files = await tus.filesIn(world, 'media')
  const end = await whileCompleting(id, async () => expect(await outcome(tus.abort(alice, id))).toBe('204'))
  expect(end).toBe('404 upload.not_found')
  expect(await outcome(alice.ask('GET', `/attachments/${id}`))).toBe('404 attachment.not_found')
  expect(await tus.filesIn(world, 'media')).toEqual(files)
  expect(await tus.orphans(world)).toEqual([])
})

test('whoever was too slow to take it in leaves it to the next one', async () => {
  const id = await begun(alice, 4)
  const bytes = text(4)
  await append(alice, id, 0, bytes)
  const files = await tus.filesIn(world, 'media')
  const end = await whileCompleting(id, (sql) =>
    sql('update uploads set writer = gen_random_uuid(), busy_until = now() where id = $1'),
  )
  expect(end).toBe('423 upload.locked')
  expect(await tus.filesIn(world, 'media')).toEqual(files)
  expect(await complete(alice, id)).toMatchObject({ status: 201, body: { sha256: tus.sha256(bytes) } })
})

test('what is taken in takes no more bytes', async () => {
  const id = await begun(alice, 4)
  await append(alice, id, 0, text(4))
  const end = await whileCompleting(id, async () => {
    expect(await outcome(append(alice, id, 4, ''))).toBe('423 upload.locked')
    expect(await outcome(complete(alice, id))).toBe('423 upload.locked')
  })
  expect(end).toBe('201')
})

test('what somebody made of it who died is gone, also when the client asks first whether all has arrived', async () => {
  const id = await begun(alice, 4)
  await append(alice, id, 0, text(4))
  const [files, dead] = [await tus.filesIn(world, 'media'), randomUUID()]
  const storage = new DiskStorage({ dir: world.uploads })
  await storage.put(`media/${dead}/original`, Readable.from([Buffer.from('made of it')]), { mime_type: 'text/plain' })
  const psql = await world.session()
  await psql.query('update uploads set writer = $2, busy_until = now() where id = $1', [id, dead])
  expect(await outcome(append(alice, id, 4, ''))).toBe('204')
  expect(await complete(alice, id)).toMatchObject({ status: 201 })
  const left = await tus.filesIn(world, 'media')
  expect(left).toHaveLength(files.length + 1)
  expect(left.filter((path) => path.includes(dead))).toEqual([])
})

test('many at once at the same place: one is taken', async () => {
  const id = await begun(alice, 4)
  const ends = await outcomes(['aaaa', 'bbbb', 'cccc', 'dddd'].map((bytes) => append(alice, id, 0, bytes)))
  expect(ends.filter((end) => end === '204')).toHaveLength(1)
  expect(ends.filter((end) => end !== '204')).toEqual(
    Array(3).fill(expect.stringMatching(/^(423 upload.locked|409 upload.offset_conflict)$/)),
  )
  expect(await complete(alice, id)).toMatchObject({ status: 201 })
})

test('two who complete it at once get one attachment', async () => {
  const bytes = text(4 * MIB)
  const id = await begun(alice, bytes.length)
  await append(alice, id, 0, bytes)
  const answers = await Promise.all([complete(alice, id), complete(alice, id), complete(alice, id)])
  const ends = answers.map(({ status }) => status).sort()
  expect(ends.filter((status) => status === 201)).toHaveLength(1)
  expect(ends.every((status) => [200, 201, 423].includes(status))).toBe(true)
  expect(await complete(alice, id)).toMatchObject({ status: 200, body: { id, sha256: tus.sha256(bytes) } })
  const psql = await world.session()
  const { rows } = await psql.query('select count(*)::int as blobs from blobs where sha256 = $1', [
    Buffer.from(tus.sha256(bytes), 'hex'),
  ])
  expect(rows).toEqual([{ blobs: 1 }])
})

test('given up, it is gone with its bytes, also for one who is still sending', async () => {
  const bytes = text(9 * MIB)
  const id = await begun(alice, bytes.length)
  const patch = tus.openAppend(alice, id, 0, bytes.length)
  patch.write(bytes.slice(0, 8 * MIB + 1))
  await until(
    () => offsetOf(alice, id),
    (offset) => offset === 8 * MIB,
  )
  expect(await outcome(tus.abort(alice, id))).toBe('204')
  patch.write(bytes.slice(8 * MIB + 1))
  patch.end()
  expect(await patch.answer).toEqual({ status: 404, code: 'upload.not_found' })
  expect(await outcome(head(alice, id))).toBe('404 undefined')
  expect(await outcome(tus.abort(alice, id))).toBe('404 upload.not_found')
  expect(await tus.orphans(world)).toEqual([])
})
