// For every kind of change: what a client holds after it has applied the events equals what it reads fresh.
import { expect, test } from 'vitest'
import { EVENTS } from '../../src/contract/events.js'
import { blackPng } from '../media/bytes.js'
import type { Person } from '../support/person.js'
import { Replica } from '../support/replica.js'
import { startWorld } from '../support/world.js'

test('what the events add up to is what a fresh load shows, after every kind of change', async () => {
  await using world = await startWorld()
  const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const phone = await world.device(alice)
  const tablet = await world.device(alice)
  const home = await world.group(alice, bob)
  const at = `/conversations/${home.id}`
  const first = await bob.say(home.id, 'the first')
  const psql = await world.session()
  const picture = new File([blackPng(1, 1)], 'black.png')

  const clients = await Promise.all(
    [alice, phone, bob, carol].map(async (person) => ({ person, ...(await Replica.open(person)), read: 0 })),
  )
  const heard = new Set<string>()
  const converge = async (change: string) => {
    for (const client of clients) await client.person.settled()
    for (const client of clients) {
      // Conversations come and go with the events on one's own stream, so they are applied one after the other.
      for (; client.read < client.ear.frames.length; client.read++) {
        const frame = client.ear.frames[client.read]
        if (!frame) continue
        heard.add(frame.type)
        await client.replica.apply(frame)
      }
      const fresh = await Replica.load(client.person)
      expect(client.replica.picture(), `${client.person.name} after: ${change}`).toEqual(fresh.picture())
    }
  }
  const send = (who: Person, content: string, more = {}) => who.say(home.id, content, more)
  let last = first
  let filed = first

  const changes: [string, () => Promise<unknown>][] = [
    ['nothing yet', async () => undefined],
    ['a message', async () => (last = await send(alice, 'hello'))],
    ['a reply', () => send(bob, 'hello back', { reply_to_id: last.id })],
    ['an edit of what was quoted', () => alice.patch(`/messages/${last.id}`, { content: 'hello, all' })],
    ['a deletion of what was quoted', () => alice.delete(`/messages/${last.id}`)],
    ['a deletion by the owner', () => alice.delete(`/messages/${first.id}`)],
    ['a message hidden', async () => alice.ask('PUT', `/messages/${(await send(bob, 'look away')).id}/hidden`)],
    [
      'the last one shown again',
      async () => {
        const { data } = await bob.get(`${at}/messages`)
        await alice.ask('DELETE', `/messages/${data.at(-1).id}/hidden`)
      },
    ],
    ['a change of the group', () => alice.patch(at, { name: 'another', description: 'new', metadata: { a: 1 } })],
    ['a picture of the group', () => alice.sendForm(`${at}/avatar`, { file: picture }, 'PUT')],
    ['the end of it', () => alice.delete(`${at}/avatar`)],
    ['what may be sent', () => alice.patch(`${at}/settings`, { max_file_size: 1_000, allowed_file_types: ['file'] })],
    ['a picture of somebody', () => phone.sendForm('/users/me/avatar', { file: picture }, 'PUT')],
    ['somebody who joins', () => alice.post(`${at}/members`, { user_ids: [carol.id] })],
    [
      'a message with files',
      async () => {
        const files = [await alice.upload('a.txt', 'a'), await alice.upload('b.txt', 'b')]
        const elsewhere = { media_id: 'c', kind: 'file', mime_type: 'text/plain', filename: 'c.txt', size: 1 }
        const kept = await alice.post('/attachments/external', { ...elsewhere, upload_status: 'pending' })
        filed = await send(alice, 'with files', { attachment_ids: [...files, kept].map(({ id }) => id) })
      },
    ],
    ['a reply to it', () => send(bob, 'which files', { reply_to_id: filed.id })],
    ['a file that goes', () => alice.delete(`/attachments/${filed.attachments[0].id}`)],
    [
      'a file that has come to where it is kept',
      () => alice.patch(`/attachments/${filed.attachments[2].id}`, { upload_status: 'uploaded' }),
    ],
    [
      'a file that is made ready',
      async () => {
        const psql = await world.session()
        const set = (state: string) =>
          psql.query('update blobs set state = $2 where id = $1', [filed.attachments[1].id, state])
        await set('processing')
        await set('ready')
      },
    ],
    [
      'a file that is added',
      async () => {
        const { id } = await alice.upload('d.txt', 'd')
        await alice.post(`/messages/${filed.id}/attachments`, { attachment_ids: [id] })
      },
    ],
    ['what the new one says', () => send(carol, 'glad to be here')],
    ['a role', () => alice.patch(`${at}/members/${bob.id}`, { role: 'admin' })],
    ['a nickname', () => carol.patch(`${at}/members/${carol.id}`, { nickname: 'C' })],
    ['wishes', () => phone.patch(`${at}/me`, { alias: 'ours', pinned: true, notifications: 'none' })],
    ['an archived conversation', () => bob.patch(`${at}/me`, { archived: true })],
    ['a message that brings it back', () => send(carol, 'wake up')],
    ['a reading', () => bob.ask('PUT', `${at}/receipts`, { read_number: 3 })],
    [
      'a reading by another device',
      () => phone.ask('PUT', `${at}/receipts`, { read_number: 99, delivered_number: 99 }),
    ],
    ['what is marked as unread', () => phone.ask('PUT', `${at}/unread`, { from_number: 4 })],
    ['what is all read', () => alice.post('/conversations/read', {})],
    ['marked as unread, until one speaks', () => alice.ask('PUT', `${at}/unread`, { from_number: 2 })],
    ['what ends that', () => send(phone, 'here I am')],
    [
      'archived and muted',
      () => bob.patch(`${at}/me`, { archived: true, muted_until: new Date(Date.now() + 3_600_000).toISOString() }),
    ],
    ['a message that does not', () => send(carol, 'sleep on')],
    ['a ban', () => alice.ask('PUT', `${at}/bans/${carol.id}`, {})],
    ['the end of a ban', () => alice.delete(`${at}/bans/${carol.id}`)],
    ['somebody who comes back', () => alice.post(`${at}/members`, { user_ids: [carol.id] })],
    ['a removal', () => bob.delete(`${at}/members/${carol.id}`)],
    [
      'an insert by another service',
      async () => {
        await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
          home.id,
          bob.id,
          'psql',
        ])
      },
    ],
    ['a direct conversation', () => carol.post('/conversations', { type: 'direct', user_ids: [alice.id] })],
    ['a profile', () => alice.patch('/users/me', { bio: 'changed' })],
    ['a block', () => alice.ask('PUT', `/blocks/${carol.id}`)],
    ['the end of a block', () => alice.ask('DELETE', `/blocks/${carol.id}`)],
    ['a session that ends', () => alice.delete(`/sessions/${tablet.sessionId}`)],
    ['another owner', () => alice.post(`${at}/transfer`, { user_id: bob.id })],
    ['one who leaves', () => alice.post(`${at}/leave`)],
    ['the end of the group', () => bob.delete(at)],
  ]
  for (const [name, change] of changes) {
    await change()
    await converge(name)
  }
  // conversation.created is the first event of a stream, before anybody is a member.
  const kinds = Object.keys(EVENTS).filter((type) => type !== 'conversation.created')
  expect(kinds.filter((type) => !heard.has(type))).toEqual([])
}, 120_000)
