import { z } from 'zod'
import { AvatarUrl } from './avatars.js'
import { Id, IdList, Name, Text, Time } from './fields.js'
import { HARD } from './limits.js'

export const Username = z
  .string()
  .min(2)
  .max(HARD.username)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must begin with a letter or digit and hold only these and . _ -')
  .describe('Unique, whatever the case')
export const Email = z.email().max(HARD.email)
export const DisplayName = Name(HARD.display_name, 2)

/** A user as everyone may see them. */
export const User = z.object({
  id: Id,
  username: z.string(),
  display_name: z.string().nullable(),
  bio: z.string(),
  status_text: z.string(),
  avatar_url: AvatarUrl,
  created_at: Time,
  deleted: z.boolean(),
})
export type User = z.infer<typeof User>

/** A user as only they themselves may see them. */
export const Me = User.extend({ email: z.string().nullable(), profile_complete: z.boolean() })
export type Me = z.infer<typeof Me>

export const UpdateMe = z
  .strictObject({
    display_name: DisplayName,
    email: Email,
    bio: Text.max(HARD.bio),
    status_text: Text.max(HARD.status_text),
  })
  .partial()
  .meta({ examples: [{ status_text: 'In a meeting' }] })
export type UpdateMe = z.infer<typeof UpdateMe>

/** By part of a name, or by id; never both. */
export const FindUsers = z
  .strictObject({
    query: Text.min(2).max(HARD.display_name).optional(),
    ids: IdList.optional(),
  })
  .refine((input) => (input.query === undefined) !== (input.ids === undefined), 'give either query or ids')
export type FindUsers = z.infer<typeof FindUsers>
export const FoundUsers = z.object({ data: z.array(User) })
