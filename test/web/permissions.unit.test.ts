// What the page offers is what the server allows.
import { expect, test } from 'vitest'
import { Role } from '../../src/contract/memberships.js'
import * as server from '../../src/domain/access.js'
import * as page from '../../web/app/permissions.js'

const RULED = ['member.remove', 'member.ban', 'member.set_role', 'member.set_nickname'] as const

test('the page lets each role do what the server lets it', () => {
  expect(page.ROLES).toEqual(Role.options)
  for (const role of Role.options) {
    for (const action of server.ACTIONS)
      expect([role, action, page.may(role, action)]).toEqual([role, action, server.may(role, action)])
  }
})

test('and to those alone whom the server lets it do it to', () => {
  for (const role of Role.options) {
    for (const target of Role.options) {
      for (const action of RULED) {
        const isAllowed = server.whyNotRule(role, action, target) === undefined
        expect([role, action, target, page.mayRule(role, action, target)]).toEqual([role, action, target, isAllowed])
      }
      const given = Role.options.filter((one) => server.whyNotGive(role, target, one) === undefined)
      const offered = page.mayRule(role, 'member.set_role', target) ? page.givable(role) : []
      expect([role, target, offered]).toEqual([role, target, given])
    }
  }
})
