// The SDK as somebody takes it who has nothing else of Earshot: through the exports of the package, strictly checked.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { transform } from 'esbuild'
import { expect, test } from 'vitest'
import { buildClient } from '../support/client-build.js'

const ROOT = join(import.meta.dirname, '../..')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const LARGEST = 15 * 1024

const RIGHT = `
import { type Call, createCall, EarshotError, type Events, type Message } from 'earshot/client'

export async function run(call: Call = createCall({ url: 'http://localhost:3000' })): Promise<Message | undefined> {
  await call('GET /users/me')
  const nothing: void = await call('POST /auth/logout', { signal: new AbortController().signal })
  const file: Response = await call('GET /attachments/{id}', { path: { id: 'x' }, query: { variant: 'preview' } })
  await call('PUT /users/me/avatar', { body: new FormData() })
  await call('PUT /users/me/avatar', { body: { attachment_id: await file.text() } })
  await call('PUT /uploads/{id}/content', { path: { id: 'x' }, body: new Blob(['x']) })
  const { data } = await call('GET /users', { query: { ids: ['x'] } })
  const created: Events['message.created'] = await call('GET /messages/{id}', { path: { id: data[0]?.id ?? '' } })
  try {
    return 'gone' in created ? undefined : created
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'rate_limited') return void error.retry_after_s
    throw error
  }
}
`
/** Each has to be refused by the compiler: what it says is compared, so that none is refused for another reason. */
const WRONG: [line: string, complaint: RegExp][] = [
  [`void call('GET /nowhere')`, /not assignable to parameter of type 'keyof Routes'|'"GET \/nowhere"'/],
  [`void call('GET /users/{id}')`, /Expected 2 arguments, but got 1/],
  [`void call('GET /users/{id}', { path: { user: 'x' } })`, /'user' does not exist in type/],
  [`void call('POST /auth/login', { body: { login: 'x' } })`, /'password' is missing/],
  [`void call('GET /conversations', { query: { archived: 'maybe' } })`, /'"maybe"' is not assignable/],
  [`void call('GET /users/me').then((me) => me.password)`, /'password' does not exist on type 'Me'/],
]

test('a strict project without zod and without the types of Node compiles against it, and its mistakes are found', async () => {
  await using build = await buildClient({ types: true })
  const installed = join(build.folder, 'app/node_modules/earshot')
  await mkdir(join(installed, 'dist'), { recursive: true })
  await copyFile(join(ROOT, 'package.json'), join(installed, 'package.json'))
  for (const file of ['client.js', 'client.d.ts'])
    await copyFile(join(build.folder, file), join(installed, 'dist', file))
  const app = join(build.folder, 'app')
  await writeFile(join(app, 'package.json'), '{"type": "module"}')
  await writeFile(join(app, 'right.ts'), RIGHT)
  const start = `import { createCall } from 'earshot/client'\nconst call = createCall({ url: '' })\n`
  for (const [index, [line]] of WRONG.entries()) await writeFile(join(app, `wrong-${index}.ts`), `${start}${line}\n`)

  for (const resolution of ['bundler', 'nodenext']) {
    const complaints = await compile(app, resolution, ['right.ts', ...WRONG.map((_, index) => `wrong-${index}.ts`)])
    for (const [index, [, complaint]] of WRONG.entries()) {
      const mine = complaints.filter((one) => one.startsWith(`wrong-${index}.ts`))
      expect(mine).toEqual([expect.stringMatching(complaint)])
    }
    expect(complaints.filter((one) => !one.startsWith('wrong-'))).toEqual([])
  }
})

test('its declarations are one file that imports nothing', async () => {
  await using build = await buildClient({ types: true })
  const text = await readFile(join(build.folder, 'client.d.ts'), 'utf8')
  expect(text).not.toMatch(/\bimport\b|\bfrom ['"]|\brequire\b|<reference|\bzod\b/i)
})

test('it is one file that imports nothing, runs in Node, and weighs less than 15 KiB minified and compressed', async () => {
  await using build = await buildClient()
  const file = join(build.folder, 'client.js')
  const text = await readFile(file, 'utf8')
  expect(text).not.toMatch(/^\s*import\b|\bimport\(|\brequire\(/m)
  const sdk = await import(pathToFileURL(file).href)
  expect(sdk).toMatchObject({ createCall: expect.any(Function), EarshotError: expect.any(Function) })
  const { code } = await transform(text, { minify: true, format: 'esm', target: 'es2022' })
  expect(gzipSync(code).length).toBeLessThan(LARGEST)
})

/** What the compiler complains of, each with the lines that explain it. */
async function compile(app: string, resolution: string, files: string[]): Promise<string[]> {
  const config = {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      module: resolution === 'bundler' ? 'esnext' : 'nodenext',
      moduleResolution: resolution,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files,
  }
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify(config))
  const output = await promisify(execFile)(process.execPath, [TSC, '-p', app, '--pretty', 'false'], { cwd: app }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout || String(error),
  )
  return output.split(/^(?=\S)/m)
}
