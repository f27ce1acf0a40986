// Who may do what: the one layer of authorization, pure functions over who asks, what they are here, and what it is about.
// "Not yours" and "not there" are the same answer; that is decided by the look-ups, which are scoped to the actor.
import type { Actor } from '../auth/actor.js'
import type { Role } from '../contract/conversations.js'
import { AppError, type ErrorCode } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'

/** role may action. message.send has its twin in sql/functions/may_send.sql; a test proves them equal. */
const PERMISSIONS = {
  'conversation.update': ['owner'],
  'conversation.delete': ['owner'],
  'member.add': ['owner'],
  'member.remove': ['owner'],
  'message.send': ['owner', 'member'],
  'message.delete_others': ['owner'],
} as const satisfies Record<string, readonly Role[]>

export type Action = keyof typeof PERMISSIONS

export function may(role: Role, action: Action): boolean {
  const roles: readonly Role[] = PERMISSIONS[action]
  return roles.includes(role)
}

/** @throws AppError conversation.forbidden */
export function requirePermission(role: Role, action: Action): void {
  if (!may(role, action)) throw new AppError('conversation.forbidden')
}

/** What the rules about a stored message look at. */
export type MessageFacts = {
  type: string
  sender_id: string | null
  created_at: Date
  deleted_at: Date | null
}

/** Why the actor may not edit the message; undefined when they may. */
export function whyNotEdit(actor: Actor, message: MessageFacts, limits: Limits, now: Date): ErrorCode | undefined {
  if (message.sender_id !== actor.user_id) return 'message.forbidden'
  if (message.type !== 'text' || message.deleted_at) return 'message.not_editable'
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
