// A bare Hono that answers a send as Earshot does, and does nothing for it.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()
const message = {
  id: crypto.randomUUID(),
  conversation_id: crypto.randomUUID(),
  number: 1,
  sender_id: crypto.randomUUID(),
  type: 'text',
  content: '',
  attachments: [],
  reply_to: null,
  system: null,
  metadata: null,
  client_id: null,
  created_at: new Date().toISOString(),
  edited_at: null,
  deleted_at: null,
  deleted_by: null,
}

app.post('/api/v1/conversations/:id/messages', async (c) => {
  const { content } = await c.req.json<{ content: string }>()
  return c.json({ ...message, conversation_id: c.req.param('id'), content }, 201)
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  console.log(`listening on http://127.0.0.1:${port}`)
})
