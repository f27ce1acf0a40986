// What my role lets me do, so that nobody is offered what is refused. The server decides; a test holds the two tables equal.
import type { Role } from '../../src/sdk/client.js'

const ADMINS: readonly Role[] = ['owner', 'admin']
const MODERATORS: readonly Role[] = [...ADMINS, 'moderator']
const SPEAKERS: readonly Role[] = [...MODERATORS, 'member']

const PERMISSIONS = {
  'conversation.update': ADMINS,
  'conversation.delete': ['owner'],
  'conversation.transfer': ['owner'],
  'member.add': ADMINS,
  'member.remove': MODERATORS,
  'member.ban': MODERATORS,
  'member.set_role': ADMINS,
  'member.set_nickname': ADMINS,
  'message.send': SPEAKERS,
  'message.delete_others': MODERATORS,
  'typing.start': SPEAKERS,
} satisfies Record<string, readonly Role[]>

type Action = keyof typeof PERMISSIONS

/** From the one who may do everything down to the one who may only read. */
export const ROLES: readonly Role[] = ['owner', 'admin', 'moderator', 'member', 'viewer']

export const rankOf = (role: Role): number => -ROLES.indexOf(role)

export function may(role: Role, action: Action): boolean {
  const roles: readonly Role[] = PERMISSIONS[action]
  return roles.includes(role)
}

/** Whether a member of `role` may do this to one of `target`. */
export function mayRule(
  role: Role,
  action: 'member.remove' | 'member.ban' | 'member.set_role' | 'member.set_nickname',
  target: Role,
): boolean {
  return may(role, action) && rankOf(role) > rankOf(target)
}

/** What somebody of `role` may make another one: nothing above themselves. */
export const givable = (role: Role): readonly Role[] => ROLES.filter((one) => rankOf(one) <= rankOf(role))
