// The files of a conversation, page by page.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Attachment } from '../../src/contract/attachments.js'
import { listAttachments } from '../../src/domain/gallery.js'
import type { Person } from '../support/person.js'
import { recordSql } from '../support/plans.js'
import { startWorld, type World } from '../support/world.js'
import { outcome } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const names = (files: Attachment[]) => files.map((file) => file.filename)
const list = async (who: Person, id: string, query = '') =>
  names((await who.get(`/conversations/${id}/attachments${query}`)).data)

/** Messages with one file each, or with the names of several. */
async function send(who: Person, id: string, ...files: string[]) {
  const ids = []
  for (const name of files) {
    const kind = name.endsWith('.mp4') ? 'video' : 'file'
    const mime_type = kind === 'video' ? 'video/mp4' : 'text/plain'
    const input = { media_id: name, kind, mime_type, filename: name, size: 1, upload_status: 'uploaded' }
    ids.push((await who.post('/attachments/external', input)).id)
  }
  return who.say(id, '', { attachment_ids: ids })
}

test('all files of a conversation, the newest first, also of one kind, page by page', async () => {
  const { id } = await world.group(alice, bob)
  await send(alice, id, '1.txt', '2.mp4', '3.txt')
  await alice.say(id, 'nothing here')
  await send(bob, id, '4.mp4')
  await send(alice, id, '5.txt', '6.txt')
  const all = ['6.txt', '5.txt', '4.mp4', '3.txt', '2.mp4', '1.txt']
  for (const who of [alice, bob]) expect(await list(who, id)).toEqual(all)
  expect(await list(bob, id, '?kind=video')).toEqual(['4.mp4', '2.mp4'])
  expect(await list(bob, id, '?kind=image')).toEqual([])
  for (const [kind, expected] of [
    ['', all],
    ['&kind=file', ['6.txt', '5.txt', '3.txt', '1.txt']],
  ] as const) {
    for (const limit of [1, 2, 3, 4, 6]) {
      const found: string[] = []
      for (let cursor = ''; ; ) {
        const page = await bob.get(`/conversations/${id}/attachments?limit=${limit}${kind}${cursor}`)
        expect(page.data.length).toBeLessThanOrEqual(limit)
        found.push(...names(page.data))
        expect(page.has_more).toBe(page.next_cursor !== null)
        if (!page.has_more) break
        cursor = `&cursor=${page.next_cursor}`
      }
      expect(found).toEqual(expected)
    }
  }
})

test('what is removed, deleted or hidden for me is not there, and what waits for its message neither', async () => {
  const { id } = await world.group(alice, bob)
  const [first, second, third] = [
    await send(alice, id, 'removed.txt', 'stays.txt'),
    await send(alice, id, 'deleted.txt'),
    await send(alice, id, 'hidden.txt'),
  ]
  await alice.upload('waits.txt', 'waits')
  await alice.delete(`/attachments/${first.attachments[0].id}`)
  await alice.delete(`/messages/${second.id}`)
  await bob.ask('PUT', `/messages/${third.id}/hidden`)
  expect(await list(alice, id)).toEqual(['hidden.txt', 'stays.txt'])
  expect(await list(bob, id)).toEqual(['stays.txt'])
  await bob.ask('DELETE', `/messages/${third.id}/hidden`)
  expect(await list(bob, id)).toEqual(['hidden.txt', 'stays.txt'])
})

test('nobody else sees it: no outsider, nobody who was removed, nobody after the end', async () => {
  const { id } = await world.group(alice, bob, outsider)
  await send(alice, id, 'ours.txt')
  const ask = (who: Person) => outcome(who.ask('GET', `/conversations/${id}/attachments`))
  expect(await ask(outsider)).toBe('200')
  await alice.delete(`/conversations/${id}/members/${outsider.id}`)
  expect(await ask(outsider)).toBe('404 conversation.not_found')
  await alice.delete(`/conversations/${id}`)
  expect(await ask(alice)).toBe('404 conversation.not_found')
})

test.each([
  '?kind=text',
  '?kind=',
  '?limit=0',
  '?limit=101',
  '?cursor=abc',
  '?cursor=MSAyIDM',
  '?cursor=MSA5OTk5OQ',
  '?before=1',
])('%s is refused', async (query) => {
  const { id } = await world.group(alice, bob)
  expect(await outcome(alice.ask('GET', `/conversations/${id}/attachments${query}`))).toBe('422 request.invalid')
})

test('a page is read by keys, however many files there are, of whichever kind and wherever', async () => {
  const { id } = await world.group(alice, bob)
  const psql = await world.session()
  await psql.query(
    `insert into messages (conversation_id, sender_id, type, attachment_count)
     select $1, $2, 'file', 1 from generate_series(1, 8000)`,
    [id, alice.id],
  )
  // One image among the oldest: whoever looks for it along all files reads them all.
  await psql.query(
    `insert into attachments
       (id, external, user_id, kind, mime_type, filename, size, conversation_id, message_id, number, position)
     select gen_random_uuid(), '{"media_id": "m", "upload_status": "uploaded"}', sender_id,
       case when number = 5 then 'image' else 'file' end, 'text/plain', 'a.txt', 1, conversation_id, id, number, 1
     from messages where conversation_id = $1 and type = 'file'`,
    [id],
  )
  await psql.query(
    'insert into hidden_messages (user_id, conversation_id, number, message_id) select $2, $1, number, id from messages where conversation_id = $1 and number % 2 = 0',
    [id, bob.id],
  )
  await psql.query('analyze')
  const actor = { user_id: bob.id, session_id: bob.sessionId }
  for (const [input, shown] of [
    [{ limit: 50 }, 50],
    [{ limit: 50, kind: 'image' }, 1],
    [{ limit: 50, kind: 'file' }, 50],
    [{ limit: 50, cursor: Buffer.from('4000 1').toString('base64url') }, 50],
  ] as const) {
    const { rows, result } = await recordSql(psql, (db) => listAttachments(db, actor, id, input))
    expect(result.data).toHaveLength(shown)
    expect(rows, JSON.stringify(input)).toBeLessThan(1_500)
  }
})
