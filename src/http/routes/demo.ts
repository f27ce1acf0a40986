// Two people who talk to a newcomer: for whoever tries out a server of their own, and nowhere else.
import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { BegunDemo, Demo } from '../../contract/demo.js'
import { AppError } from '../../contract/errors.js'
import type { Demos } from '../demos.js'
import type { Env } from '../env.js'
import { createRoutes, json, problems } from '../route.js'

const getDemo = createRoute({
  method: 'get',
  path: '/demo',
  summary: 'Whether two people talk to me for a demonstration; only with NODE_ENV=development',
  responses: { 200: json(Demo, 'Where they talk'), ...problems('route.not_found') },
})

const postDemo = createRoute({
  method: 'post',
  path: '/demo',
  summary: 'Have two people talk to me, in a group of their own; only with NODE_ENV=development',
  description: `They are accounts of their own, and answer whatever I say. They stop ten minutes after they have said all that they
have to say, and when the server stops; what was said stays.`,
  responses: {
    201: json(BegunDemo, 'They are about to talk'),
    ...problems('route.not_found', 'demo.running', 'overloaded'),
  },
})

export function demoRoutes() {
  const routes = createRoutes()
  routes.openapi(getDemo, (c) => c.json({ conversation_id: demosOf(c).of(c.var.actor.user_id) ?? null }, 200))
  routes.openapi(postDemo, async (c) => c.json({ conversation_id: await demosOf(c).begin(c.var.actor.user_id) }, 201))
  return routes
}

/** @throws AppError route.not_found */
function demosOf(c: Context<Env>): Demos {
  const { demos } = c.var
  if (!demos) throw new AppError('route.not_found')
  return demos
}
