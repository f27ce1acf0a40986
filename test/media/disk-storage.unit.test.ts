// What can go wrong on a disk. What every storage promises is in storage.unit.test.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StartupError } from '../../src/kit/startup-error.js'
import { DiskStorage } from '../../src/media/disk-storage.js'
import { openStorage } from '../../src/media/open-storage.js'
import { S3Storage } from '../../src/media/s3-storage.js'
import type { Key } from '../../src/media/storage.js'
import { prepareTempFolder, withTempFile } from '../../src/media/temp-files.js'
import { MIB, yields } from './places.js'

const mime_type = 'application/octet-stream'
const key: Key = 'media/0193aa-77/original'

let dir: string
let storage: DiskStorage

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'earshot-disk-')), 'uploads')
  storage = new DiskStorage({ dir })
  await storage.start()
})

afterEach(() => rm(dirname(dir), { recursive: true }))

const put = (text: string) => storage.put(key, yields(Buffer.from(text)), { mime_type })
const listed = async () => {
  const keys: string[] = []
  for await (const object of storage.list('media')) keys.push(object.key)
  return keys
}
const HOUR_MS = 3_600_000
const setAge = (path: string, hours: number) => {
  const at = new Date(Date.now() - hours * HOUR_MS)
  return utimes(path, at, at)
}

/** Kills a process that is in the middle of a put. */
async function crash(bytes: number) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'disk-child.ts'), dir, key, String(bytes)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const over = once(child, 'exit')
  const [said] = await Promise.race([once(child.stdout, 'data'), over])
  expect(String(said)).toBe('there\n')
  child.kill('SIGKILL')
  expect(await over).toEqual([null, 'SIGKILL'])
}

describe('a process that is killed in the middle of a put', () => {
  test.each([0, 64 * 1024, 20 * MIB])('after %i bytes, leaves nothing that can be seen', async (bytes) => {
    await crash(bytes)
    expect(await storage.get(key)).toBeUndefined()
    expect(await storage.size(key)).toBeUndefined()
    expect(await listed()).toEqual([])
    const [leftover, ...others] = await readdir(join(dir, 'tmp'))
    expect(others).toEqual([])
    expect((await stat(join(dir, 'tmp', leftover!))).size).toBeGreaterThanOrEqual(bytes)
  })

  test('leaves the object that was there before', async () => {
    await put('before')
    await crash(MIB)
    expect(String(await buffer((await storage.get(key))!))).toBe('before')
  })

  test('leaves what the next start removes, a day later', async () => {
    await crash(MIB)
    const [leftover] = await readdir(join(dir, 'tmp'))
    const path = join(dir, 'tmp', leftover!)
    await new DiskStorage({ dir }).start()
    expect(existsSync(path)).toBe(true)
    await setAge(path, 25)
    await new DiskStorage({ dir }).start()
    expect(existsSync(path)).toBe(false)
  })
})

test('a start leaves alone what another process is writing', async () => {
  await withTempFile(dir, async (path) => {
    await writeFile(path, 'x')
    await setAge(path, 23)
    await Promise.all([1, 2, 3].map(() => new DiskStorage({ dir }).start()))
    expect(await readFile(path, 'utf8')).toBe('x')
  })
})

test('several processes may start at once over the same leftovers', async () => {
  for (let count = 0; count < 20; count++) {
    await writeFile(join(dir, 'tmp', `old-${count}`), 'x')
    await setAge(join(dir, 'tmp', `old-${count}`), 25)
  }
  await Promise.all([1, 2, 3, 4].map(() => new DiskStorage({ dir }).start()))
  expect(await readdir(join(dir, 'tmp'))).toEqual([])
})

test('an object lies where its key says, and others of this machine can neither read nor enter', async () => {
  await put('x')
  const path = join(dir, 'media', '77', '0193aa-77', 'original')
  expect(storage.localPath(key)).toBe(path)
  const mode = async (at: string) => (await stat(at)).mode & 0o777
  expect(await mode(path)).toBe(0o640)
  expect(await mode(join(dir, 'tmp'))).toBe(0o700)
  for (const folder of [dir, dirname(path), join(dir, 'media')]) expect((await mode(folder)) & 0o027).toBe(0)
})

test('a removed object takes its folder along', async () => {
  await put('x')
  await storage.remove([key])
  expect(await readdir(join(dir, 'media', '77'))).toEqual([])
})

test('a link in the place of an object is not followed, and a put replaces it', async () => {
  const secret = join(dirname(dir), 'secret')
  await writeFile(secret, 'not for everybody')
  const path = storage.localPath(key)
  await mkdir(dirname(path), { recursive: true })
  await symlink(secret, path)
  await expect(storage.get(key)).rejects.toThrow('ELOOP')
  expect(await listed()).toEqual([])
  await put('mine')
  expect(await readFile(secret, 'utf8')).toBe('not for everybody')
  expect(String(await buffer((await storage.get(key))!))).toBe('mine')
})

test('what others have left in the folder is not listed', async () => {
  await put('x')
  await writeFile(join(dir, 'media', '.DS_Store'), 'x')
  await writeFile(join(dir, 'media', '77', 'README'), 'x')
  await mkdir(join(dir, 'media', '77', '0193aa-77', 'folder'))
  await writeFile(join(dir, 'media', '77', '0193aa-77', 'Original.JPG'), 'x')
  expect(await listed()).toEqual([key])
})

describe('a start that cannot succeed says what to do', () => {
  test.each([
    ['a file', async (path: string) => writeFile(path, 'x')],
    ['a link to nowhere', async (path: string) => symlink('/nonexistent/folder', path)],
    [
      'a folder whose place of temporary files is a file',
      async (path: string) => {
        await mkdir(path)
        await writeFile(join(path, 'tmp'), 'x')
      },
    ],
  ])('where UPLOADS_DIR is %s', async (_, make) => {
    const wrong = join(dirname(dir), 'wrong')
    await make(wrong)
    const error = await new DiskStorage({ dir: wrong }).start().then(
      () => undefined,
      (thrown) => thrown,
    )
    expect(error).toBeInstanceOf(StartupError)
    expect(error.message).toMatch(/^Make .*\/wrong a folder .* UPLOADS_DIR to another one \(E[A-Z]+\)\.$/)
  })
})

describe('a temporary file', () => {
  test('is gone when its work is done, and its work may have moved it away', async () => {
    const seen = await withTempFile(dir, async (path) => {
      expect(existsSync(path)).toBe(false)
      expect(dirname(path)).toBe(join(dir, 'tmp'))
      await writeFile(path, 'x')
      return path
    })
    expect(existsSync(seen)).toBe(false)
    expect(await withTempFile(dir, async () => 'made none')).toBe('made none')
  })

  test('is gone when its work fails, and the failure rises', async () => {
    let seen = ''
    const failing = withTempFile(dir, async (path) => {
      seen = path
      await writeFile(path, 'x')
      throw new Error('no picture')
    })
    await expect(failing).rejects.toThrow('no picture')
    expect(existsSync(seen)).toBe(false)
  })

  test('has a folder also where objects go to a bucket', async () => {
    const other = join(dirname(dir), 'other')
    await prepareTempFolder(other)
    await withTempFile(other, (path) => writeFile(path, 'x'))
    expect(await readdir(join(other, 'tmp'))).toEqual([])
    expect(await readdir(other)).toEqual(['tmp'])
  })
})

test('a bucket is used where one is set up, the folder otherwise', () => {
  const common = { UPLOADS_DIR: dir, S3_REGION: 'us-east-1' }
  expect(openStorage(common)).toBeInstanceOf(DiskStorage)
  const bucket = { S3_ENDPOINT: 'https://s3.example', S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'k', S3_SECRET_ACCESS_KEY: 's' }
  expect(openStorage({ ...common, ...bucket })).toBeInstanceOf(S3Storage)
})
