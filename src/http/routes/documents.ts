// What the server says about itself: OpenAPI, AsyncAPI, and a page to try the API out. Open to everybody, as the code is.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { buildAsyncApi } from '../../contract/asyncapi.js'
import { AppError } from '../../contract/errors.js'
import type { Env } from '../env.js'
import { createRoutes } from '../route.js'
import {
  ASSETS,
  ASSETS_VERSION,
  etagOf,
  INITIALIZER,
  INITIALIZER_SCRIPT,
  PAGE,
  PAGE_POLICY,
  readAsset,
} from '../swagger.js'

const document = (description: string) => ({
  description,
  content: { 'application/json': { schema: z.looseObject({}), example: {} } },
})

const getOpenApi = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document: what can be asked over REST',
  responses: { 200: document('OpenAPI 3.1'), 304: { description: 'Still the one you have' } },
})

const getAsyncApi = createRoute({
  method: 'get',
  path: '/asyncapi.json',
  summary: 'What is said over the WebSocket',
  responses: { 200: document('AsyncAPI 3.0'), 304: { description: 'Still the one you have' } },
})

/** @param openApi called for the first reader, when all routes are registered */
export function documentRoutes(openApi: () => object): OpenAPIHono<Env> {
  const routes = createRoutes()
  const openApiText = once(() => JSON.stringify(openApi()))
  const asyncApiText = once(() => JSON.stringify(buildAsyncApi()))
  routes.openapi(getOpenApi, (c) => unlessKnown(c, openApiText(), 'application/json'))
  routes.openapi(getAsyncApi, (c) => unlessKnown(c, asyncApiText(), 'application/json'))
  return routes
}

/** At the root, for people. */
export function pageRoutes(): OpenAPIHono<Env> {
  const routes = createRoutes()
  for (const path of ['/docs', '/swagger']) {
    routes.get(path, (c) => {
      c.header('Content-Security-Policy', PAGE_POLICY)
      return unlessKnown(c, PAGE, 'text/html; charset=utf-8')
    })
  }
  routes.get(INITIALIZER, (c) => unlessKnown(c, INITIALIZER_SCRIPT, 'text/javascript; charset=utf-8'))
  routes.get(`${ASSETS}/:version/:file`, async (c) => {
    const { version, file } = c.req.param()
    const asset = version === ASSETS_VERSION ? await readAsset(file) : undefined
    if (!asset) throw new AppError('route.not_found')
    return c.body(new Uint8Array(asset.bytes), 200, {
      'Content-Type': asset.type,
      'Cache-Control': 'public, max-age=31536000, immutable',
    })
  })
  return routes
}

/** Asked again each time, answered with 304 until it has changed. */
function unlessKnown(c: Context<Env>, text: string, type: string): Response {
  const tag = etagOf(text)
  c.header('ETag', tag)
  c.header('Cache-Control', 'public, no-cache')
  const known = (c.req.header('if-none-match') ?? '').split(/\s*,\s*/).map((one) => one.replace(/^W\//, ''))
  if (known.includes(tag) || known.includes('*')) return c.body(null, 304)
  return c.body(text, 200, { 'Content-Type': type })
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
