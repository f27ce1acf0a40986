// Whoever comes along can read what the API is, and try it out, without anything from elsewhere.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asyncApi, openApi } from '../support/conformance.js'
import { startWorld, type World } from '../support/world.js'
import { type Reply, request } from './request.js'

const OPENAPI = '/api/v1/openapi.json'
const ASYNCAPI = '/api/v1/asyncapi.json'

let world: World
beforeAll(async () => {
  world = await startWorld({ CORS_ORIGINS: 'https://docs.example' })
})
afterAll(() => world[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
  request(world.node.url, 'GET', path, { headers })

test('both documents are open to everybody', async () => {
  expect((await get(OPENAPI)).body).toEqual(JSON.parse(JSON.stringify(openApi)))
  expect((await get(ASYNCAPI)).body).toEqual(JSON.parse(JSON.stringify(asyncApi)))
  expect((await get(OPENAPI, { authorization: 'Bearer nonsense' })).status).toBe(200)
})

test('what is beside them is not open', async () => {
  for (const path of ['/api/v1/openapi', '/api/v1/openapi.json/', '/api/v1/openapi.json/x', '/api/v1/openapi.yaml'])
    expect((await get(path)).body.code).toBe('auth.unauthenticated')
  expect((await request(world.node.url, 'POST', OPENAPI)).status).toBe(404)
})

test.each([OPENAPI, ASYNCAPI, '/docs', '/docs/initializer.js'])(
  '%s is sent again only when it has changed',
  async (path) => {
    const first = await get(path)
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^"[\w-]{43}"$/)
    expect(first.headers.get('cache-control')).toBe('public, no-cache')
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await get(path, { 'if-none-match': known })
      expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' })
      expect(again.headers.get('etag')).toBe(tag)
    }
    expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200)
  },
)

test('pages of other origins may read them where CORS_ORIGINS says so', async () => {
  const { headers } = await get(OPENAPI, { origin: 'https://docs.example' })
  expect(headers.get('access-control-allow-origin')).toBe('https://docs.example')
})

/** What a page makes a browser load. */
const loads = (html: string) => [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '')

test.each(['/docs', '/swagger'])('%s is a page whose every part comes from here', async (path) => {
  const page = await get(path)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const parts = loads(page.text)
  expect(parts.map((part) => part.split('/').at(-1))).toEqual([
    'swagger-ui.css',
    'favicon-32x32.png',
    'swagger-ui-bundle.js',
    'initializer.js',
  ])
  for (const part of parts) {
    expect(part).toMatch(/^\/docs\//)
    const file = await get(part)
    expect({ part, status: file.status }).toEqual({ part, status: 200 })
    expect(file.headers.get('x-content-type-options')).toBe('nosniff')
    expect(file.headers.get('content-type')).toMatch(
      { css: /^text\/css/, png: /^image\/png/, js: /^text\/javascript/ }[part.split('.').at(-1) ?? ''] ?? /^$/,
    )
    expect(file.text.length).toBeGreaterThan(100)
  }
})

test('the page runs no script of its own and reaches nobody else', async () => {
  const page = await get('/docs')
  const policy = page.headers.get('content-security-policy')?.split('; ')
  expect(policy).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]),
  )
  expect(policy?.join()).not.toMatch(/unsafe-eval|https?:|\*|script-src[^,]*unsafe-inline/)
  expect(page.text).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|<style|https?:/)
  const script = (await get('/docs/initializer.js')).text
  expect(script).toContain(`url: '${OPENAPI}'`)
  expect(script).not.toMatch(/https?:/)
  const css = await get(loads(page.text)[0] ?? '')
  expect(css.text).not.toMatch(/url\(["']?(https?:|\/\/)|@import/)
})

test('the files of one version of the page are kept for good', async () => {
  const [css = ''] = loads((await get('/docs')).text)
  expect((await get(css)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
})

test('no other file can be had', async () => {
  const [css = ''] = loads((await get('/docs')).text)
  const folder = css.slice(0, css.lastIndexOf('/'))
  const files = [
    'package.json',
    'index.html',
    'swagger-initializer.js',
    'swagger-ui.css.map',
    '..%2fpackage.json',
    '%2e%2e%2f%2e%2e%2fpackage.json',
    'swagger-ui.css%00.js',
    'constructor',
    '__proto__',
    '',
  ]
  for (const file of files)
    expect({ file, code: (await get(`${folder}/${file}`)).body?.code }).toEqual({ file, code: 'route.not_found' })
  expect((await get('/docs/assets/0.0.0/swagger-ui.css')).status).toBe(404)
})
