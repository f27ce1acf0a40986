import { z } from 'zod'
import { Id, Time } from './fields.js'

/** One signed-in device. Address and device are shown to its owner only. */
export const Session = z.object({
  id: Id,
  user_agent: z.string(),
  ip: z.string(),
  created_at: Time,
  last_active_at: Time.describe('Last sign-in or refresh'),
  expires_at: Time,
  current: z.boolean(),
})
export type Session = z.infer<typeof Session>
export const Sessions = z.object({ data: z.array(Session) })
