import { createRoute } from '@hono/zod-openapi'
import { SyncAnswer, SyncQuery } from '../../contract/sync.js'
import { createRoutes, json, problems } from '../route.js'

const getSync = createRoute({
  method: 'get',
  path: '/sync',
  summary:
    'Everything to begin with, or what came since a token: all that a client needs that cannot keep a socket open',
  request: { query: SyncQuery },
  responses: {
    200: json(SyncAnswer, 'The first load, or with `since` what came after it'),
    ...problems('sync.resync', 'overloaded', 'request.invalid'),
  },
})

export function syncRoutes() {
  const routes = createRoutes()
  routes.openapi(getSync, async (c) => {
    const { since } = c.req.valid('query')
    const { sync, actor } = c.var
    return c.json(since === undefined ? await sync.load(actor) : await sync.since(actor, since), 200)
  })
  return routes
}
