// Blocks as the tests ask for them, and what they stand in the way of.
import { expect } from 'vitest'
import type { Person } from '../support/person.js'
import { outcome } from './request.js'

export const block = (as: Person, whom: { id: string }) => as.ask('PUT', `/blocks/${whom.id}`)
export const unblock = (as: Person, whom: { id: string }) => as.ask('DELETE', `/blocks/${whom.id}`)

/** The first of the two has blocked the second. */
export async function blocked(one: Person, other: { id: string }): Promise<void> {
  expect(await outcome(block(one, other))).toBe('204')
}

export const direct = (as: Person, whom: { id: string }) =>
  as.ask('POST', '/conversations', { type: 'direct', user_ids: [whom.id] })
export const group = (as: Person, ...people: { id: string }[]) =>
  as.ask('POST', '/conversations', {
    type: 'group',
    name: crypto.randomUUID(),
    user_ids: people.map((person) => person.id),
  })
export const add = (as: Person, id: string, ...people: { id: string }[]) =>
  as.ask('POST', `/conversations/${id}/members`, { user_ids: people.map((person) => person.id) })
export const say = (as: Person, id: string) => as.ask('POST', `/conversations/${id}/messages`, { content: 'hello' })
