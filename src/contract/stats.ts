import { z } from 'zod'

export const MyStats = z.object({
  sent_count: z.number().int().describe('My messages in the conversations that I am in, since I joined each'),
  received_count: z.number().int().describe('Those of all others there, of the system too'),
  average_delivery_ms: z
    .number()
    .int()
    .nullable()
    .describe('From sending to delivery, over a sample of my recent messages; null without any'),
})
export type MyStats = z.infer<typeof MyStats>
