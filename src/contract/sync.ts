// How somebody who was away learns what they missed, and how somebody new begins.
import { z } from 'zod'
import { Conversations } from './conversations.js'
import { EventFrame } from './events.js'
import { Id } from './fields.js'
import { Me } from './users.js'

/** Opaque and signed: where a client stands in the log. It is stored together with what was applied, and replaced whole. */
export const ResumeToken = z
  .string()
  .min(1)
  .max(512)
  .meta({ examples: ['eyJ2IjoxLCJzYWZlIjo0Mn0.c2lnbmF0dXJl'] })

export const SyncQuery = z.strictObject({
  since: ResumeToken.optional().describe('The token of the last answer or checkpoint; without it everything is loaded'),
})

/** Everything that a client begins with. What is newer comes as events. */
export const FirstLoad = z.object({
  me: Me.extend({ seq: z.number().int().describe('Where my own stream stands') }),
  conversations: Conversations.describe('The first page; archived ones only when asked for elsewhere'),
  resume: ResumeToken,
})
export type FirstLoad = z.infer<typeof FirstLoad>

/** What came since, in the order of each stream. */
export const Missed = z.object({
  events: z.array(EventFrame),
  limited: z.array(Id).describe('Conversations in which too much came: read them and their history again'),
  resume: ResumeToken,
})
export type Missed = z.infer<typeof Missed>

export const SyncAnswer = z.union([FirstLoad, Missed])
