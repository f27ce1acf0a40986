// The web app: one page for all of its addresses, and the files that it loads. For browsers; whoever speaks to the API is told
// of an unknown path as everywhere.
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, NotFoundHandler } from 'hono'
import { AppError } from '../../contract/errors.js'
import type { Env } from '../env.js'
import { answerNotFound } from '../errors.js'
import { createRoutes } from '../route.js'
import { APP_POLICY, NOT_BUILT, type WebApp, type WebFile } from '../web-app.js'

const YEAR_S = 31_536_000
/** What each of them shows is for the page to say; so is what nobody may see without a session. */
export const SCREENS = [
  '/',
  '/sign-in',
  '/sign-up',
  '/c/:id',
  '/c/:id/m/:number',
  '/c/:id/details',
  '/settings/*',
  '/admin/*',
] as const
const FIXED = ['/sw.js', '/manifest.webmanifest', '/icon.svg', '/icon-maskable.svg', '/apple-touch-icon.png'] as const
export const WEB_PATHS: readonly string[] = [...SCREENS, ...FIXED, '/assets/:file']

export function webRoutes(web: WebApp): OpenAPIHono<Env> {
  const routes = createRoutes()
  for (const path of SCREENS) routes.get(path, (c) => answerPage(c, web, 200))
  for (const path of FIXED) routes.get(path, (c) => answerNamed(c, web, path, 'no-cache'))
  routes.get('/assets/:file', (c) => answerNamed(c, web, c.req.path, `public, max-age=${YEAR_S}, immutable`))
  return routes
}

/** Whoever looks for a page gets one; every other client a problem. */
export function answerUnknown(web: WebApp): NotFoundHandler<Env> {
  return (c) => {
    const isPage = c.req.method === 'GET' || c.req.method === 'HEAD'
    const isApi = /^\/(api|assets)(\/|$)/.test(c.req.path)
    if (!isPage || isApi || !/\btext\/html\b/.test(c.req.header('accept') ?? '')) return answerNotFound(c)
    return answerPage(c, web, 404)
  }
}

async function answerPage(c: Context<Env>, web: WebApp, status: 200 | 404): Promise<Response> {
  c.header('Content-Security-Policy', APP_POLICY)
  const page = await web.page()
  if (!page) return c.body(NOT_BUILT, 503, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
  return answer(c, page, 'no-cache', status)
}

async function answerNamed(c: Context<Env>, web: WebApp, path: string, cache: string): Promise<Response> {
  const file = await web.file(path)
  if (!file) {
    // Of a newer page, perhaps, that another node has served: no cache may keep that it is not here.
    c.header('Cache-Control', 'no-store')
    throw new AppError('route.not_found')
  }
  return answer(c, file, cache)
}

function answer(c: Context<Env>, file: WebFile, cache: string, status: 200 | 404 = 200): Response {
  const brotli = takesBrotli(c.req.header('accept-encoding')) ? file.brotli : undefined
  // Other bytes have another tag.
  const etag = brotli ? file.etag.replace(/"$/, '-br"') : file.etag
  c.header('ETag', etag)
  c.header('Cache-Control', cache)
  c.header('Vary', 'Accept-Encoding', { append: true })
  c.header('Cross-Origin-Resource-Policy', 'same-origin')
  const known = (c.req.header('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  if (status === 200 && (known.includes(etag) || known.includes('*'))) return c.body(null, 304)
  if (brotli) c.header('Content-Encoding', 'br')
  return c.body(brotli ?? file.bytes, status, { 'Content-Type': file.type })
}

/** RFC 9110 §12.5.3: named, and not with a weight of nothing. */
function takesBrotli(accepted = ''): boolean {
  return accepted.split(',').some((one) => /^\s*br\s*(;\s*q=(?!0(\.0{0,3})?\s*$)[\d.]+\s*)?$/i.test(one))
}
