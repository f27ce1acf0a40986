// Who may do what: the one layer of authorization, pure functions over who asks, what they are here, and what it is about.
// "Not yours" and "not there" are the same answer; that is decided by the look-ups, which are scoped to the actor.
import type { Actor } from '../auth/actor.js'
import type { AttachmentKind } from '../contract/attachments.js'
import { AppError, type ErrorCode } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { Role } from '../contract/memberships.js'
import type { ConversationSettings } from '../contract/settings.js'

const SPEAKERS = ['owner', 'admin', 'moderator', 'member'] as const
const MODERATORS = ['owner', 'admin', 'moderator'] as const
const ADMINS = ['owner', 'admin'] as const
const OWNERS = ['owner'] as const

/** Which roles may do what. */
const PERMISSIONS = {
  'conversation.update': ADMINS,
  'conversation.delete': OWNERS,
  'conversation.transfer': OWNERS,
  'member.add': ADMINS,
  'member.remove': MODERATORS,
  'member.ban': MODERATORS,
  'member.set_role': ADMINS,
  'member.set_nickname': ADMINS,
  // Has its twin in sql/functions/may_send.sql; a test proves them equal.
  'message.send': SPEAKERS,
  'message.delete_others': MODERATORS,
  'typing.start': SPEAKERS,
} as const satisfies Record<string, readonly Role[]>

export type Action = keyof typeof PERMISSIONS
export const ACTIONS = Object.keys(PERMISSIONS) as Action[]

const RANKS: Record<Role, number> = { owner: 4, admin: 3, moderator: 2, member: 1, viewer: 0 }

export function may(role: Role, action: Action): boolean {
  const roles: readonly Role[] = PERMISSIONS[action]
  return roles.includes(role)
}

/** @throws AppError conversation.forbidden */
export function requirePermission(role: Role, action: Action): void {
  if (!may(role, action)) throw new AppError('conversation.forbidden')
}

/** For the answers of the whyNot functions. @throws AppError the refusal, if there is one */
export function requireNothingAgainst(refusal: ErrorCode | undefined): void {
  if (refusal) throw new AppError(refusal)
}

/** Why nothing may be said here; undefined when it may. `blocked`: a direct conversation of two of whom one has blocked the other. */
export function whyNotSend(role: Role, blocked: boolean): ErrorCode | undefined {
  if (blocked) return 'user.blocked'
  return may(role, 'message.send') ? undefined : 'conversation.forbidden'
}

/** Why a file may not be sent here; undefined when it may. */
export function whyNotAttach(
  settings: ConversationSettings,
  file: { kind: AttachmentKind; size: number },
): ErrorCode | undefined {
  const { media_allowed, allowed_file_types, max_file_size } = settings
  const isAllowed =
    media_allowed &&
    (allowed_file_types === null || allowed_file_types.includes(file.kind)) &&
    (max_file_size === null || file.size <= max_file_size)
  return isAllowed ? undefined : 'attachment.not_allowed_here'
}

/** Why a member of `role` may not do this to another one of `target`; undefined when they may. */
export function whyNotRule(
  role: Role,
  action: 'member.remove' | 'member.ban' | 'member.set_role' | 'member.set_nickname',
  target: Role,
): ErrorCode | undefined {
  if (!may(role, action)) return 'conversation.forbidden'
  return RANKS[role] > RANKS[target] ? undefined : 'member.outranks'
}

/** Why a member may not give another one this role; undefined when they may. Their own role is not theirs to give. */
export function whyNotGive(role: Role, target: Role, given: Role): ErrorCode | undefined {
  const refusal = whyNotRule(role, 'member.set_role', target)
  if (refusal) return refusal
  return RANKS[given] > RANKS[role] ? 'member.role_above_own' : undefined
}

/** What the rules about a stored message look at. */
export type MessageFacts = {
  type: string
  sender_id: string | null
  created_at: Date
  deleted_at: Date | null
}

/** Why the actor may not edit the message; undefined when they may. To edit is to say something, so it needs what sending needs. */
export function whyNotEdit(
  actor: Actor,
  here: { role: Role; blocked: boolean },
  message: MessageFacts,
  limits: Limits,
  now: Date,
): ErrorCode | undefined {
  const refusal = whyNotSend(here.role, here.blocked)
  if (refusal) return refusal
  if (message.sender_id !== actor.user_id) return 'message.forbidden'
  if (message.deleted_at) return 'message.not_editable'
  if (isOlderThan(message, limits.edit_window_s, now)) return 'message.edit_window_over'
  return undefined
}

/** Why the actor may not delete the message for everyone; undefined when they may. */
export function whyNotDelete(
  actor: Actor,
  role: Role,
  message: MessageFacts,
  limits: Limits,
  now: Date,
): ErrorCode | undefined {
  if (message.type === 'system') return 'message.forbidden'
  if (may(role, 'message.delete_others')) return undefined
  if (message.sender_id !== actor.user_id) return 'message.forbidden'
  if (isOlderThan(message, limits.delete_window_s, now)) return 'message.delete_window_over'
  return undefined
}

function isOlderThan(message: MessageFacts, seconds: number, now: Date): boolean {
  return now.getTime() - message.created_at.getTime() > seconds * 1_000
}
