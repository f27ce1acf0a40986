// The pool of threads that hashes, files and DNS share: as large as it is set, also though ES modules are loaded through it.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
/** In the place of the server: keeps the whole pool busy and says how many threads there are. */
const MAIN = `
import { pbkdf2 } from 'node:crypto'
import { readdirSync } from 'node:fs'
const work = () => new Promise((resolve) => pbkdf2('password', 'salt', 10, 32, 'sha256', resolve))
await Promise.all(Array.from({ length: 64 }, work))
console.log(readdirSync('/proc/self/task').length, process.env.UV_THREADPOOL_SIZE)
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earshot-threads-'))
  await mkdir(join(folder, 'bin'))
  await mkdir(join(folder, 'dist'))
  await copyFile(join(ROOT, 'bin/earshot.cjs'), join(folder, 'bin/earshot.cjs'))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  await writeFile(join(folder, 'dist/main.js'), MAIN)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function start(
  file: string,
  environment: Record<string, string> = {},
): Promise<{ threads: number; set: string }> {
  const env = { PATH: process.env.PATH, ...environment }
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, file)], { cwd: folder, env })
  const [threads, set = ''] = stdout.trim().split(' ')
  return { threads: Number(threads), set }
}

describe.runIf(process.platform === 'linux')('threads of the pool', () => {
  test('there are eight, and as many as the operator wants, by the environment or a .env file', async () => {
    const one = await start('bin/earshot.cjs', { UV_THREADPOOL_SIZE: '1' })
    expect(one.set).toBe('1')
    expect(await start('bin/earshot.cjs')).toEqual({ threads: one.threads + 7, set: '8' })
    expect(await start('bin/earshot.cjs', { UV_THREADPOOL_SIZE: '' })).toEqual({ threads: one.threads + 7, set: '8' })
    expect(await start('bin/earshot.cjs', { UV_THREADPOOL_SIZE: '12' })).toEqual({
      threads: one.threads + 11,
      set: '12',
    })
    await writeFile(join(folder, '.env'), 'UV_THREADPOOL_SIZE=6\n')
    expect(await start('bin/earshot.cjs')).toEqual({ threads: one.threads + 5, set: '6' })
    expect(await start('bin/earshot.cjs', { UV_THREADPOOL_SIZE: '3' })).toEqual({ threads: one.threads + 2, set: '3' })
    await rm(join(folder, '.env'))
    // It is not the environment of the tests that has had this effect.
    expect(await start('dist/main.js')).toEqual({ threads: one.threads + 3, set: 'undefined' })
  })
})

test('whoever starts the server starts it so', async () => {
  const { bin, scripts, files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  expect(bin.earshot).toBe('bin/earshot.cjs')
  expect(files).toContain('bin')
  expect(scripts.start).toMatch(/ bin\/earshot\.cjs$/)
  const image = await readFile(join(ROOT, 'Dockerfile'), 'utf8')
  expect(image).toMatch(/^CMD \[.*"bin\/earshot\.cjs"\]$/m)
  expect(image).toMatch(/^COPY bin \.\/bin$/m)
})
