import { createRoute, z } from '@hono/zod-openapi'
import { HealthReport, Jwks, Readiness } from '../../contract/operations.js'
import { createRoutes, json } from '../route.js'

const getLive = createRoute({
  method: 'get',
  path: '/health/live',
  summary: 'Whether the process lives',
  responses: { 200: json(Readiness, 'It does') },
})

const getReady = createRoute({
  method: 'get',
  path: '/health/ready',
  summary: 'Whether this node can serve',
  responses: { 200: json(Readiness, 'It can'), 503: json(Readiness, 'It cannot, or is about to stop') },
})

const getHealth = createRoute({
  method: 'get',
  path: '/health',
  summary: 'How each part of this node does',
  responses: {
    200: json(HealthReport, 'It can serve, if only in part'),
    503: json(HealthReport, 'It cannot, or is about to stop'),
  },
})

const getMetrics = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Metrics of this node, and of the workers that share its port, for Prometheus',
  responses: { 200: { description: 'In the text format', content: { 'text/plain': { schema: z.string() } } } },
})

const getJwks = createRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  summary: 'The public keys that verify our access tokens',
  responses: { 200: json(Jwks, 'A JSON Web Key Set') },
})

/** For load balancers, Prometheus, and whoever verifies our tokens; at the root, without a token. */
export function operationsRoutes() {
  const routes = createRoutes()
  routes.openapi(getLive, (c) => c.json({ status: 'up' as const }, 200))
  routes.openapi(getReady, async (c) => {
    const { status } = await c.var.health.report()
    return status === 'down' ? c.json({ status }, 503) : c.json({ status: 'up' as const }, 200)
  })
  routes.openapi(getHealth, async (c) => {
    const report = await c.var.health.report()
    return c.json(report, report.status === 'down' ? 503 : 200)
  })
  routes.openapi(getMetrics, async (c) => {
    const { text, type } = await c.var.metrics.expose()
    return c.text(text, 200, { 'Content-Type': type })
  })
  routes.openapi(getJwks, (c) =>
    c.json(c.var.keys.jwks() as z.infer<typeof Jwks>, 200, { 'Cache-Control': 'public, max-age=60' }),
  )
  return routes
}
