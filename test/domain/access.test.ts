import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { Role } from '../../src/contract/memberships.js'
import { whyNotDelete, whyNotEdit, whyNotSend } from '../../src/domain/access.js'
import { createDatabase } from '../support/test-server.js'

const NOW = new Date('2026-01-01T12:00:00Z')
const LIMITS = {
  message_length: 1,
  message_bytes: 1,
  members: 1,
  sessions: 1,
  blocks: 1_000,
  edit_window_s: 60,
  delete_window_s: 3_600,
  file_bytes: { image: 1, video: 1, audio: 1, file: 1, archive: 1 },
  avatar_bytes: 1,
  user_media_bytes: 1,
}
const author = { user_id: 'author', session_id: 's' }
const other = { user_id: 'other', session_id: 's' }
const message = (secondsAgo: number, more: object = {}) => ({
  type: 'text',
  sender_id: 'author',
  created_at: new Date(NOW.getTime() - secondsAgo * 1_000),
  deleted_at: null,
  ...more,
})

test('may_send() in SQL says what access.ts says, for every role, blocked or not', async () => {
  const own = await createDatabase(inject('templateUrl'))
  const database = new pg.Client(own.url)
  await database.connect()
  const maySend = async (role: string | null, blocked: boolean) =>
    (await database.query('select may_send($1, $2) as may', [role, blocked])).rows[0].may
  for (const blocked of [false, true]) {
    for (const role of Role.options) {
      expect(await maySend(role, blocked), `${role} ${blocked}`).toBe(whyNotSend(role, blocked) === undefined)
    }
    for (const stranger of ['', 'OWNER', 'guest', null]) expect(await maySend(stranger, blocked)).toBe(false)
  }
  await database.end()
  await own.drop()
})

test.each([
  ['its author in time', author, message(59), undefined],
  ['its author at the last moment', author, message(60), undefined],
  ['its author too late', author, message(61), 'message.edit_window_over'],
  ['somebody else', other, message(1), 'message.forbidden'],
  ['its author once it is deleted', author, message(1, { deleted_at: NOW }), 'message.not_editable'],
  ['anybody, when the system said it', author, message(1, { type: 'system', sender_id: null }), 'message.forbidden'],
] as const)('who may edit: %s', (_who, actor, facts, refusal) => {
  expect(whyNotEdit(actor, { role: 'member', blocked: false }, facts, LIMITS, NOW)).toBe(refusal)
})

test.each([
  ['its author in time', author, 'member', message(3_600), undefined],
  ['its author too late', author, 'member', message(3_601), 'message.delete_window_over'],
  ['another member', other, 'member', message(1), 'message.forbidden'],
  ['the owner at any time', other, 'owner', message(1_000_000), undefined],
  [
    'the owner, when the system said it',
    other,
    'owner',
    message(1, { type: 'system', sender_id: null }),
    'message.forbidden',
  ],
] as const)('who may delete for everyone: %s', (_who, actor, role, facts, refusal) => {
  expect(whyNotDelete(actor, role, facts, LIMITS, NOW)).toBe(refusal)
})
