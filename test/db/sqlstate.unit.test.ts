import { expect, test } from 'vitest'
import { AppError } from '../../src/contract/errors.js'
import { StalledCommit, toAppError, troubleOf, UnconfirmedCommit } from '../../src/db/sqlstate.js'

const said = (code: string) => Object.assign(new Error('PostgreSQL says no'), { code })
const hint = (message: string) => new Error(message)

test.each([
  [said('53300'), 'unavailable', 'too_many_connections'],
  [said('53100'), 'unavailable', 'disk_full'],
  [said('25006'), 'unavailable', 'read_only'],
  [said('53200'), 'unavailable', undefined],
  [said('57014'), 'busy', undefined],
  [said('55P03'), 'busy', undefined],
  [said('40P01'), 'busy', undefined],
  [said('40001'), 'busy', undefined],
  [said('25P03'), 'busy', undefined],
  [said('57P01'), 'unavailable', 'lost'],
  [said('57P02'), 'unavailable', 'lost'],
  [said('57P03'), 'unavailable', 'lost'],
  [said('08006'), 'unavailable', 'lost'],
  [said('08P01'), 'unavailable', 'lost'],
  [said('3D000'), 'unavailable', 'lost'],
  [said('28P01'), 'unavailable', 'lost'],
  [said('28000'), 'unavailable', 'lost'],
  [said('58030'), 'unavailable', undefined],
  [said('ECONNREFUSED'), 'unavailable', 'lost'],
  [said('ECONNRESET'), 'unavailable', 'lost'],
  [said('EHOSTUNREACH'), 'unavailable', 'lost'],
  [said('ENOTFOUND'), 'unavailable', 'lost'],
  [said('EAI_AGAIN'), 'unavailable', 'lost'],
  [hint('Connection terminated unexpectedly'), 'unavailable', 'lost'],
  [hint('Connection terminated due to connection timeout'), 'unavailable', 'lost'],
  [hint('Client has encountered a connection error and is not queryable'), 'unavailable', 'lost'],
  [hint('timeout exceeded when trying to connect'), 'overloaded', undefined],
  [hint('Query read timeout'), 'unavailable', 'stalled'],
  [new StalledCommit(), 'unavailable', 'stalled'],
  [new UnconfirmedCommit(), 'unavailable', 'unconfirmed'],
])('%o is answered with 503 %s, and tells of writes: %s', (error, code, trouble) => {
  const answer = toAppError(error)
  expect([answer.status, answer.code, answer.info.retry_after_s, answer.cause]).toEqual([503, code, 1, error])
  expect(troubleOf(error)).toBe(trouble)
})

test('a mistake of ours, and what a client does wrong, are nothing of the kind', () => {
  for (const [error, code] of [
    [said('42P01'), 'internal'],
    [said('42501'), 'internal'],
    [said('22021'), 'request.invalid'],
    [Object.assign(said('23505'), { constraint: 'one_account_for_each_username' }), 'account.username_taken'],
    [new AppError('conversation.not_found'), 'conversation.not_found'],
    [hint('undefined is not a function'), 'internal'],
    ['not even an error', 'internal'],
  ] as const) {
    const answer = toAppError(error)
    expect([answer.code, answer.info.retry_after_s, troubleOf(error)]).toEqual([code, undefined, undefined])
  }
})
