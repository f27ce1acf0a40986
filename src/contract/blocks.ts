import { z } from 'zod'
import { Cursor, Id, Limit, page, Time } from './fields.js'
import { User } from './users.js'

/** Only the one who blocks ever sees it. */
export const Block = z.object({ user: User, created_at: Time })
export type Block = z.infer<typeof Block>

export const ListBlocks = z.strictObject({ limit: Limit, cursor: Cursor.optional() })
export type ListBlocks = z.infer<typeof ListBlocks>
export const Blocks = page(Block)

export const BlockParam = z.object({ user_id: Id })
