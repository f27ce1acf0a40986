import { z } from 'zod'
import { Id } from './fields.js'

/** Two characters who talk to a newcomer, where a developer tries the server out. */
export const Demo = z.object({
  conversation_id: Id.nullable().describe('The room in which they talk; null: they do not'),
})
export type Demo = z.infer<typeof Demo>

export const BegunDemo = z.object({ conversation_id: Id.describe('The room in which they talk') })
export type BegunDemo = z.infer<typeof BegunDemo>
