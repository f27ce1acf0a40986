import { z } from 'zod'
import { Cursor, Id, Limit, Moment, Name, page, Time } from './fields.js'
import { HARD } from './limits.js'
import { User } from './users.js'

export const BanMember = z.strictObject({
  banned_until: Moment.nullable().default(null).describe('A time to come; null for good'),
  reason: Name(HARD.ban_reason).nullable().default(null).describe('For those who may see the list'),
})
export type BanMember = z.infer<typeof BanMember>

export const Ban = z.object({
  user: User,
  banned_by: Id.nullable(),
  reason: z.string().nullable(),
  banned_until: Time.nullable(),
  created_at: Time,
})
export type Ban = z.infer<typeof Ban>

export const ListBans = z.strictObject({ limit: Limit, cursor: Cursor.optional() })
export type ListBans = z.infer<typeof ListBans>
export const Bans = page(Ban)
