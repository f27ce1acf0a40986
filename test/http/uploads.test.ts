// Files that come in with a form.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
let home: string
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  home = (await world.group(alice, bob)).id
})
afterAll(() => world[Symbol.asyncDispose]())

test('a file is stored, linked by a message, heard with it, and given to its readers alone', async () => {
  const attachment = await alice.upload('notes.txt', 'what we said\n')
  expect(attachment).toMatchObject({
    kind: 'file',
    mime_type: 'text/plain',
    filename: 'notes.txt',
    size: 13,
    state: 'ready',
    message_id: null,
  })
  expect((await bob.download(attachment.url)).problem?.code).toBe('attachment.not_found')

  const ear = await listen(bob)
  const message = await alice.say(home, '', { attachment_ids: [attachment.id] })
  expect(message).toMatchObject({
    type: 'file',
    content: null,
    attachments: [{ id: attachment.id, message_id: message.id }],
  })
  expect((await ear.next('message.created')).data).toEqual(message)

  const { status, bytes, headers } = await bob.download(attachment.url)
  expect([status, bytes.toString(), headers.get('content-type')]).toEqual([200, 'what we said\n', 'text/plain'])
  expect(headers.get('content-disposition')).toBe('attachment; filename="notes.txt"')
  expect(headers.get('etag')).toBe(`"${attachment.sha256}"`)
  expect((await outsider.download(attachment.url)).problem?.code).toBe('attachment.not_found')
})
