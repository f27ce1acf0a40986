// The page and its files: for browsers, with a policy that lets nothing else run, and with no way to any other file.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Services } from '../../src/http/env.js'
import { HttpServer } from '../../src/http/http-server.js'
import { createHttp } from '../../src/http/server.js'
import { createLogger, createMetrics } from '../../src/observe.js'
import { startWorld, type World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(world.node.url + path, { headers: { 'accept-encoding': 'identity', ...headers } })

/** What the page makes a browser load. */
async function loads(): Promise<string[]> {
  const html = await (await get('/')).text()
  return [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '')
}
const asset = async (kind: string) => (await loads()).find((path) => path.endsWith(kind)) ?? ''

/** As it is written: fetch() would tidy the path up. And as it is sent: fetch() unpacks. */
function raw(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string; bytes: Buffer; encoding: string | undefined }> {
  const { hostname, port } = new URL(world.node.url)
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          encoding: response.headers['content-encoding'],
          bytes: Buffer.concat(chunks),
        }),
      )
    })
    request.on('error', reject)
    request.end()
  })
}

test.each([
  '/',
  '/sign-in',
  '/sign-up',
  `/c/${crypto.randomUUID()}`,
  `/c/${crypto.randomUUID()}/m/7`,
  '/settings',
  '/settings/profile',
  '/admin',
])('%s is the page, asked about again each time', async (path) => {
  const page = await get(path)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect(page.headers.get('vary')).toMatch(/Accept-Encoding/)
  expect(await page.text()).toContain('<div id="app">')
  const tag = page.headers.get('etag') ?? ''
  expect((await get(path, { 'if-none-match': tag })).status).toBe(304)
  expect((await get(path, { 'if-none-match': '"another"' })).status).toBe(200)
})

test('the page runs nothing that stands in it, and talks to nobody else', async () => {
  const page = await get('/')
  const policy = (page.headers.get('content-security-policy') ?? '').split('; ')
  expect(policy).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]),
  )
  expect(policy.join()).not.toMatch(/unsafe|https?:|\*/)
  expect(await page.text()).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|<style|\sstyle=|https?:/)
})

test('whatever it loads is there, of its type, and what has a hash in its name is kept for good', async () => {
  const types: Record<string, RegExp> = {
    js: /^text\/javascript; charset=utf-8$/,
    css: /^text\/css; charset=utf-8$/,
    svg: /^image\/svg\+xml$/,
    png: /^image\/png$/,
    webmanifest: /^application\/manifest\+json$/,
  }
  const paths = [...(await loads()), '/sw.js', '/icon-maskable.svg']
  expect(paths.length).toBeGreaterThan(6)
  for (const path of paths) {
    const file = await get(path)
    expect({ path, status: file.status }).toEqual({ path, status: 200 })
    expect(file.headers.get('content-type')).toMatch(types[path.split('.').at(-1) ?? ''] ?? /^$/)
    expect(file.headers.get('x-content-type-options')).toBe('nosniff')
    const isHashed = /^\/assets\/.*-[A-Z0-9]{8}\.\w+$/.test(path)
    expect(isHashed).toBe(path.startsWith('/assets/'))
    expect(file.headers.get('cache-control')).toBe(isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  }
})

test('it is compressed for whoever takes it so, and means the same', async () => {
  const path = await asset('.css')
  const plain = await raw(path)
  expect(plain.encoding).toBeUndefined()
  for (const accepted of ['br', 'gzip, deflate, br', 'gzip;q=1.0, br;q=0.8']) {
    const packed = await raw(path, { 'accept-encoding': accepted })
    expect({ accepted, encoding: packed.encoding }).toEqual({ accepted, encoding: 'br' })
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2)
    expect(brotliDecompressSync(packed.bytes).equals(plain.bytes)).toBe(true)
  }
  for (const accepted of ['gzip', 'br;q=0', 'br; q=0.0', 'brotli', '*;q=0'])
    expect({ accepted, encoding: (await raw(path, { 'accept-encoding': accepted })).encoding }).toEqual({ accepted })
  const tags = await Promise.all(
    ['identity', 'br'].map(async (one) => (await get(path, { 'accept-encoding': one })).headers.get('etag')),
  )
  expect(new Set(tags).size).toBe(2)
})

test('the first load is less than 120 KB of compressed JavaScript, and its maps are nobody else’s', async () => {
  // A set goes on to what is added to it meanwhile: what these import from the beginning counts as well.
  const paths = new Set((await loads()).filter((path) => path.endsWith('.js')))
  let bytes = 0
  for (const path of paths) {
    const packed = await raw(path, { 'accept-encoding': 'br' })
    bytes += packed.bytes.length
    const text = brotliDecompressSync(packed.bytes).toString()
    expect(text).not.toContain('sourceMappingURL')
    for (const [, name] of text.matchAll(/\b(?:from|import)"\.\/([^"]+)"/g)) paths.add(`/assets/${name}`)
    expect((await get(`${path}.map`)).status).toBe(404)
  }
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThan(120_000)
})

test('no other file can be had, however the path is written', async () => {
  const script = await asset('.js')
  // `/assets/..` is `/` to every client and server, and so the page.
  for (const path of [
    '/assets/',
    '/assets/../index.html',
    '/assets/../../package.json',
    '/assets/..%2findex.html',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%5c..%5cpackage.json',
    '/assets//etc/passwd',
    `${script}.br`,
    `${script}%00.css`,
    `${script}/`,
    '/assets/constructor',
    '/assets/__proto__',
    '/index.html',
    '/package.json',
    '/src/main.ts',
    '/dist/main.js',
    '/.env',
  ]) {
    const answer = await raw(path)
    expect({ path, status: answer.status, type: answer.type }).toEqual({
      path,
      status: 404,
      type: 'application/problem+json',
    })
  }
})

test('a page that is not there is said to be missing by the page itself, and to programs by a problem', async () => {
  const page = await get('/nowhere', BROWSER)
  expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
    status: 404,
    type: 'text/html; charset=utf-8',
  })
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  expect(await page.text()).toContain('<div id="app">')
  expect((await get('/nowhere')).headers.get('content-type')).toBe('application/problem+json')
  for (const path of ['/api', '/api/v2/users/me', '/assets/main-00000000.js']) {
    const answer = await get(path, BROWSER)
    expect({ path, status: answer.status, type: answer.headers.get('content-type') }).toEqual({
      path,
      status: 404,
      type: 'application/problem+json',
    })
    // A node of another version may have it: no cache is to keep that this one has not.
    if (path.startsWith('/assets/')) expect(answer.headers.get('cache-control')).toBe('no-store')
  }
  const posted = await fetch(`${world.node.url}/nowhere`, { method: 'POST', headers: BROWSER })
  expect(posted.headers.get('content-type')).toBe('application/problem+json')
})

test('until the page is built, it says what to run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-web-'))
  const services = { logger: createLogger('silent'), metrics: createMetrics() } as Services
  const options = { corsOrigins: [], trustedProxies: [], webFolder: folder, webMayChange: true }
  const server = new HttpServer(createHttp(services, options))
  const url = `http://127.0.0.1:${await server.start({ PORT: 0, HOST: '127.0.0.1' })}`
  try {
    for (const path of ['/', '/sign-in', '/nowhere']) {
      const answer = await fetch(url + path, { headers: BROWSER })
      expect({ path, status: answer.status }).toEqual({ path, status: 503 })
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await answer.text()).toContain('npm run build')
    }
    expect((await fetch(`${url}/sw.js`)).status).toBe(404)
    // And no longer, without another start.
    await promisify(execFile)(process.execPath, [join(import.meta.dirname, '../../build-web.mjs'), folder])
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(`${url}/sw.js`)).status).toBe(200)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
})
