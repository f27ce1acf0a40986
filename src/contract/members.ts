import { z } from 'zod'
import { Role } from './conversations.js'
import { Cursor, Id, Limit, page, Time } from './fields.js'
import { HARD } from './limits.js'
import { User } from './users.js'

export const AddMembers = z.strictObject({ user_ids: z.array(Id).min(1).max(HARD.ids) })
export type AddMembers = z.infer<typeof AddMembers>

export const Member = z.object({ user: User, role: Role, joined_at: Time })
export type Member = z.infer<typeof Member>

export const ListMembers = z.strictObject({ limit: Limit, cursor: Cursor.optional() })
export type ListMembers = z.infer<typeof ListMembers>
export const Members = page(Member)
export const AddedMembers = z.object({ data: z.array(Member).describe('Those who were not members before') })

export const MemberParam = z.object({ id: Id, user_id: Id })
