import { z } from 'zod'
import { Cursor, Id, Limit, Name, page, Time } from './fields.js'
import { HARD } from './limits.js'
import { Role } from './memberships.js'
import { User } from './users.js'

export const AddMembers = z.strictObject({ user_ids: z.array(Id).min(1).max(HARD.ids) })
export type AddMembers = z.infer<typeof AddMembers>

export const Member = z.object({
  user: User,
  role: Role,
  nickname: z.string().nullable().describe('What all call them here'),
  joined_at: Time,
})
export type Member = z.infer<typeof Member>

export const ListMembers = z.strictObject({ limit: Limit, cursor: Cursor.optional() })
export type ListMembers = z.infer<typeof ListMembers>
export const Members = page(Member)
export const AddedMembers = z.object({ data: z.array(Member).describe('Those who were not members before') })

/** A role below or at one's own, for somebody below oneself; a nickname for oneself, or for somebody below. */
export const UpdateMember = z.strictObject({ role: Role, nickname: Name(HARD.nickname).nullable() }).partial()
export type UpdateMember = z.infer<typeof UpdateMember>

export const TransferOwnership = z.strictObject({ user_id: Id })
export type TransferOwnership = z.infer<typeof TransferOwnership>

export const MemberParam = z.object({ id: Id, user_id: Id })
