import { z } from 'zod'
import { Id } from './fields.js'

export const AvatarUrl = z
  .string()
  .describe('Path of a square picture, for everyone and for ever; drawn from the id where none was chosen')
  .meta({ examples: ['/api/v1/avatars/default/01890a5d-ac96-774b-bcce-b302099a8057'] })

/** A picture that was uploaded before, in whatever way. */
export const SetAvatar = z.strictObject({ attachment_id: Id })
export type SetAvatar = z.infer<typeof SetAvatar>

export const Avatar = z.object({ avatar_url: AvatarUrl })
export type Avatar = z.infer<typeof Avatar>
