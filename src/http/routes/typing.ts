import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { SetTyping, Typists } from '../../contract/typing.js'
import { listTyping } from '../../domain/typing.js'
import { body, createRoutes, json, noContent, problems } from '../route.js'

const postTyping = createRoute({
  method: 'post',
  path: '/conversations/{id}/typing',
  tags: ['typing'],
  summary: 'Tell the others that I type, or no longer; it ends by itself after 10 s and with my message',
  request: { params: IdParam, body: body(SetTyping) },
  responses: {
    ...noContent('Taken; where nobody is told (more than 200 members, my own wish, a block) too'),
    ...problems('conversation.not_found', 'conversation.forbidden', 'request.invalid'),
  },
})

const getTyping = createRoute({
  method: 'get',
  path: '/conversations/{id}/typing',
  tags: ['typing'],
  summary: 'Who types in a conversation of mine',
  request: { params: IdParam },
  responses: { 200: json(Typists, 'Those whom I may see'), ...problems('conversation.not_found') },
})

export function typingRoutes() {
  const routes = createRoutes()
  routes.openapi(postTyping, async (c) => {
    const { id } = c.req.valid('param')
    if (c.req.valid('json').typing) await c.var.typing.start(c.var.actor, id)
    else await c.var.typing.stop(c.var.actor, id)
    return c.body(null, 204)
  })
  routes.openapi(getTyping, async (c) => {
    const { id } = c.req.valid('param')
    return c.json({ data: await listTyping(c.var.db, c.var.actor, id, c.var.typing.inConversation(id)) }, 200)
  })
  return routes
}
