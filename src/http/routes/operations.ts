import { Hono } from 'hono'
import type { Env } from '../env.js'

/** For load balancers, Prometheus, and whoever verifies our tokens; at the root, without a token. */
export function operationsRoutes(): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/health/live', (c) => c.json({ status: 'up' }))
  routes.get('/health/ready', async (c) => {
    const { status } = await c.var.health.report()
    return c.json({ status }, status === 'up' ? 200 : 503)
  })
  routes.get('/health', async (c) => {
    const report = await c.var.health.report()
    return c.json(report, report.status === 'up' ? 200 : 503)
  })
  routes.get('/metrics', async (c) => {
    const { text, type } = await c.var.metrics.expose()
    return c.body(text, 200, { 'Content-Type': type })
  })
  routes.get('/.well-known/jwks.json', (c) => c.json(c.var.keys.jwks(), 200, { 'Cache-Control': 'public, max-age=60' }))
  return routes
}
