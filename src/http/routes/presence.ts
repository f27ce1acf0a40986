import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { ConversationPresence, FindPresence, FoundPresence, OwnPresence, SetPresence } from '../../contract/presence.js'
import { body, createRoutes, json, problems } from '../route.js'

const getOwn = createRoute({
  method: 'get',
  path: '/users/me/presence',
  tags: ['presence'],
  summary: 'What I have set, and when I was last seen',
  responses: { 200: json(OwnPresence, 'As I have set it') },
})

const putOwn = createRoute({
  method: 'put',
  path: '/users/me/presence',
  tags: ['presence'],
  summary: 'Be online (what I do decides), away, busy or invisible',
  request: { body: body(SetPresence) },
  responses: {
    200: json(OwnPresence, 'As it is set now'),
    ...problems('request.time_past', 'request.invalid'),
  },
})

const getPresence = createRoute({
  method: 'get',
  path: '/users/presence',
  tags: ['presence'],
  summary: 'Whether up to 100 people are here; whoever shares no conversation with me looks as if never here',
  request: { query: FindPresence },
  responses: { 200: json(FoundPresence, 'Each of them, in the order asked for'), ...problems('request.invalid') },
})

const getConversationPresence = createRoute({
  method: 'get',
  path: '/conversations/{id}/presence',
  tags: ['presence'],
  summary: 'How many members are here, and the first hundred of them',
  request: { params: IdParam },
  responses: { 200: json(ConversationPresence, 'Those who are not offline'), ...problems('conversation.not_found') },
})

export function presenceRoutes() {
  const routes = createRoutes()
  routes.openapi(getOwn, async (c) => c.json(await c.var.presence.readOwn(c.var.actor), 200))
  routes.openapi(putOwn, async (c) => c.json(await c.var.presence.set(c.var.actor, c.req.valid('json')), 200))
  routes.openapi(getPresence, async (c) =>
    c.json({ data: await c.var.presence.list(c.var.actor, c.req.valid('query').ids) }, 200),
  )
  routes.openapi(getConversationPresence, async (c) =>
    c.json(await c.var.presence.ofConversation(c.var.actor, c.req.valid('param').id), 200),
  )
  return routes
}
