import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { Sessions } from '../../contract/sessions.js'
import { endOtherSessions, endSession, listSessions } from '../../domain/sessions.js'
import { createRoutes, json, noContent, problems } from '../route.js'

const getSessions = createRoute({
  method: 'get',
  path: '/sessions',
  summary: 'Where I am signed in, the most recently active first',
  responses: { 200: json(Sessions, 'My open sessions') },
})

const deleteSession = createRoute({
  method: 'delete',
  path: '/sessions/{id}',
  summary: 'End one of my sessions: its tokens and its sockets, at once',
  request: { params: IdParam },
  responses: { ...noContent('Ended'), ...problems('session.not_found') },
})

const deleteSessions = createRoute({
  method: 'delete',
  path: '/sessions',
  summary: 'End all my sessions but this one',
  responses: noContent('Ended'),
})

export function sessionRoutes() {
  const routes = createRoutes()
  routes.openapi(getSessions, async (c) => c.json({ data: await listSessions(c.var.db, c.var.actor) }, 200))
  routes.openapi(deleteSession, async (c) => {
    await endSession(c.var.db, c.var.auth, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  routes.openapi(deleteSessions, async (c) => {
    await endOtherSessions(c.var.db, c.var.auth, c.var.actor)
    return c.body(null, 204)
  })
  return routes
}
