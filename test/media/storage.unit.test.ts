// One suite for every place that keeps bytes: what holds for one holds for all.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkKey, type Key, type StoredObject } from '../../src/media/storage.js'
import { MIB, PLACES, type Place, pieces, yields } from './places.js'

const mime_type = 'application/octet-stream'
const newKey = (): Key => `media/${randomUUID()}/original`
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
/** Files and sockets of this process; undefined where the system does not tell. */
const descriptors = () => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : undefined)

for (const { name, skip } of PLACES) {
  if (skip) test.skip(`${name}: ${skip}`)
}

describe.each(PLACES.filter(({ skip }) => !skip))('$name', ({ open }) => {
  let place: Place
  let before: number | undefined

  beforeEach(async () => {
    before = descriptors()
    place = await open()
  })

  // Whatever a test does, it leaves no temporary file, no open upload, no file and no socket.
  afterEach(async () => {
    await expect.poll(() => place.unfinished()).toEqual([])
    await place.close()
    await expect.poll(() => descriptors() ?? 0).toBeLessThanOrEqual(before ?? 0)
  })

  const read = async (key: Key, range?: { start: number; end: number }) => {
    const stream = await place.storage.get(key, range)
    return stream && (await buffer(stream))
  }
  const put = (key: Key, bytes: Uint8Array) => place.storage.put(key, yields(bytes), { mime_type })
  const listed = async (area: string) => {
    const found: StoredObject[] = []
    for await (const object of place.storage.list(area)) found.push(object)
    return found
  }

  test('what was put is there: its bytes, its size, its entry in the list', async () => {
    const key = newKey()
    expect(await put(key, Buffer.from('hello'))).toBe(5)
    expect(String(await read(key))).toBe('hello')
    expect(await place.storage.size(key)).toBe(5)
    const [object] = await listed('media')
    expect(object).toMatchObject({ key, size: 5 })
    expect(Math.abs((object?.modified_at.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('what was never put is undefined, and removing it is fine', async () => {
    const key = newKey()
    expect(await place.storage.get(key)).toBeUndefined()
    expect(await place.storage.get(key, { start: 0, end: 0 })).toBeUndefined()
    expect(await place.storage.size(key)).toBeUndefined()
    await place.storage.remove([key, newKey()])
    await place.storage.remove([])
    expect(await listed('media')).toEqual([])
  })

  test('a second put replaces the first, also by fewer bytes', async () => {
    const key = newKey()
    await put(key, Buffer.from('the first'))
    await put(key, Buffer.from('second'))
    expect(String(await read(key))).toBe('second')
    expect(await place.storage.size(key)).toBe(6)
  })

  test('what was removed is gone, and its neighbours are not', async () => {
    const id = randomUUID()
    const [original, preview, other]: Key[] = [`media/${id}/original`, `media/${id}/preview`, newKey()]
    for (const key of [original, preview, other]) await put(key!, Buffer.from(key!))
    await place.storage.remove([original!])
    expect(await read(original!)).toBeUndefined()
    expect(String(await read(preview!))).toBe(preview)
    await place.storage.remove([preview!, other!])
    expect(await listed('media')).toEqual([])
  })

  test.each([
    ['nothing', 0],
    ['one byte', 1],
    ['exactly one part', 8 * MIB],
    ['one byte more than a part', 8 * MIB + 1],
    ['20 MiB', 20 * MIB],
  ])('%s comes back as it went in', async (_, size) => {
    const key = newKey()
    const bytes = randomBytes(size)
    // Pieces that fit into no part, an empty one among them.
    expect(await place.storage.put(key, pieces(bytes, 1_000_003), { mime_type })).toBe(size)
    const found = await read(key)
    expect(found?.length).toBe(size)
    expect(sha256(found!)).toBe(sha256(bytes))
    expect(await place.storage.size(key)).toBe(size)
  })

  test('a range is exactly its bytes: the first, the last, some between, all', async () => {
    const key = newKey()
    const bytes = randomBytes(200_000)
    await put(key, bytes)
    for (const [start, end] of [
      [0, 0],
      [199_999, 199_999],
      [70_000, 140_001],
      [0, 199_999],
    ] as const) {
      expect(await read(key, { start, end })).toEqual(bytes.subarray(start, end + 1))
    }
  })

  test.each([0, 1, 3 * MIB, 9 * MIB, 17 * MIB])(
    'a source that throws after %i bytes leaves what was there before',
    async (size) => {
      const key = newKey()
      const fresh = newKey()
      await put(key, Buffer.from('before'))
      const broken = async function* () {
        yield* pieces(randomBytes(size), MIB)
        throw new Error('the client went away')
      }
      await expect(place.storage.put(key, broken(), { mime_type })).rejects.toThrow('the client went away')
      await expect(place.storage.put(fresh, broken(), { mime_type })).rejects.toThrow('the client went away')
      expect(String(await read(key))).toBe('before')
      expect((await listed('media')).map((object) => object.key)).toEqual([key])
    },
  )

  test.each([0, 3 * MIB, 9 * MIB])(
    'an abort after %i bytes ends a put whose source has fallen silent, and leaves nothing',
    async (size) => {
      const key = newKey()
      const abort = new AbortController()
      const silent = async function* () {
        yield* pieces(randomBytes(size), MIB)
        // Told in a turn of its own, so that the put waits for the next piece by then.
        setImmediate(() => abort.abort(new Error('too slow')))
        await new Promise(() => {})
      }
      const storing = place.storage.put(key, silent(), { mime_type, signal: abort.signal })
      await expect(storing).rejects.toThrow('too slow')
      expect(await read(key)).toBeUndefined()
      expect(await listed('media')).toEqual([])
    },
  )

  test('an abort ends a source that could go on, and closes it', async () => {
    const abort = new AbortController()
    let closed = false
    const endless = async function* () {
      try {
        for (let count = 0; ; count++) {
          if (count === 10) abort.abort(new Error('enough'))
          yield randomBytes(MIB)
        }
      } finally {
        closed = true
      }
    }
    const storing = place.storage.put(newKey(), endless(), { mime_type, signal: abort.signal })
    await expect(storing).rejects.toThrow('enough')
    await expect.poll(() => closed).toBe(true)
    expect(await listed('media')).toEqual([])
  })

  test('a signal that has aborted before takes nothing of the source', async () => {
    let asked = false
    const source = async function* () {
      asked = true
      yield Buffer.from('x')
    }
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(place.storage.put(newKey(), source(), { mime_type, signal })).rejects.toThrow('too late')
    expect(asked).toBe(false)
  })

  test.each([
    '../../etc/passwd',
    'media/../x',
    'media/./x',
    'media/a/..',
    '/media/a/b',
    'media//b',
    'media/a/',
    'media/a',
    'media/a/b/c',
    'media/A/b',
    'media/a/b.jpg',
    'media/a/b\n',
    'media/a/b\0',
    'media/a\\b/c',
    'media/a b/c',
    'media/ä/c',
    `media/${'a'.repeat(101)}/b`,
    'tmp/a/b',
    '',
  ])('%j is no key, whatever one wants with it', async (text) => {
    const key = text as Key
    expect(() => checkKey(key)).toThrow('not a storage key')
    await expect(put(key, Buffer.from('x'))).rejects.toThrow('not a storage key')
    await expect(place.storage.get(key)).rejects.toThrow('not a storage key')
    await expect(place.storage.size(key)).rejects.toThrow('not a storage key')
    await expect(place.storage.remove([key])).rejects.toThrow('not a storage key')
    await expect(place.storage.signPut(key, { size: 1, mime_type, expires_s: 60 })).rejects.toThrow('not a storage key')
    expect(() => place.storage.localPath(key)).toThrow('not a storage key')
  })

  test.each(['', '..', 'media/x', 'tmp', 'Media'])('%j is no area', async (area) => {
    await expect(listed(area)).rejects.toThrow('not a storage area')
  })

  test('a list goes over its pages and names each object of its area once', async () => {
    const keys = Array.from({ length: 25 }, newKey)
    await Promise.all(keys.map((key) => put(key, Buffer.from('x'))))
    await put('media2/a/original', Buffer.from('not in this area'))
    const found = await listed('media')
    expect(found.map((object) => object.key).sort()).toEqual(keys.sort())
    expect(await listed('nothing')).toEqual([])
  })

  test('a list that is given up after its first object leaves nothing open', async () => {
    for (let count = 0; count < 5; count++) await put(newKey(), Buffer.from('x'))
    for await (const object of place.storage.list('media')) {
      expect(object.size).toBe(1)
      break
    }
  })

  test('what a list finds can be removed while it goes on', async () => {
    for (let count = 0; count < 12; count++) await put(newKey(), Buffer.from('x'))
    for await (const object of place.storage.list('media')) await place.storage.remove([object.key])
    expect(await listed('media')).toEqual([])
  })

  test('of two puts of one key at once, one wins as a whole', async () => {
    const key = newKey()
    const all = [1, 2, 3, 4].map((fill) => Buffer.alloc(9 * MIB, fill))
    await Promise.all(all.map((bytes) => place.storage.put(key, pieces(bytes, MIB), { mime_type })))
    const found = await read(key)
    expect(all.some((bytes) => bytes.equals(found!))).toBe(true)
    expect(await listed('media')).toHaveLength(1)
  })

  test('puts that meet removes of the same id succeed', async () => {
    const id = randomUUID()
    const parts: Key[] = ['a', 'b', 'c', 'd'].map((part): Key => `media/${id}/${part}`)
    let left = parts.length
    const removing = async () => {
      while (left > 0) await place.storage.remove([`media/${id}/none`])
    }
    const putting = async (key: Key) => {
      for (let round = 0; round < 40; round++) {
        await put(key, Buffer.from('whole'))
        expect(String(await read(key))).toBe('whole')
        await place.storage.remove([key])
      }
    }
    const work = parts.map((key) => putting(key).finally(() => left--))
    await Promise.all([...work, removing(), removing()])
    expect(await listed('media')).toEqual([])
  })

  test('whoever reads while a put replaces the object has one of the two, whole', async () => {
    const key = newKey()
    const old = Buffer.alloc(3 * MIB, 1)
    const fresh = Buffer.alloc(9 * MIB, 2)
    await put(key, old)
    const stream = (await place.storage.get(key)) as Readable
    const [found] = await Promise.all([buffer(stream), put(key, fresh)])
    expect(found.equals(old)).toBe(true)
    expect((await read(key))?.equals(fresh)).toBe(true)
  })

  // What it leaves open, afterEach would see.
  test('a stream that is destroyed early holds nothing', async () => {
    const key = newKey()
    await put(key, randomBytes(8 * MIB))
    const unread = await place.storage.get(key)
    unread!.destroy()
    const begun = await place.storage.get(key)
    for await (const chunk of begun!) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await expect.poll(() => place.reading()).toBe(0)
  })

  test('a source is asked for no more than the storage has taken', async (context) => {
    const { arrived } = place
    if (!arrived) return context.skip('nobody can look')
    const piece = randomBytes(MIB)
    let ahead = 0
    let most = 0
    const source = async function* () {
      for (let count = 0; count < 24; count++) {
        ahead = count * MIB - arrived()
        most = Math.max(most, ahead)
        yield piece
      }
    }
    await place.storage.put(newKey(), source(), { mime_type })
    expect(most).toBeLessThanOrEqual(16 * MIB)
  })

  test('a signed address, where there is one, takes that many bytes of that type and nothing else', async (context) => {
    const key = newKey()
    const direct = await place.storage.signPut(key, { size: 5, mime_type: 'image/png', expires_s: 60 })
    if (!direct) return context.skip('the node takes them itself')
    const send = async (body: string, headers: Record<string, string>) => {
      const answer = await fetch(direct.url, { method: 'PUT', body, headers })
      await answer.text()
      return answer.status
    }
    expect(await send('hello!', direct.headers)).toBe(403)
    expect(await send('hell', direct.headers)).toBe(403)
    expect(await send('hello', { ...direct.headers, 'content-type': 'text/html' })).toBe(403)
    expect(await place.storage.size(key)).toBeUndefined()
    expect(await send('hello', direct.headers)).toBe(200)
    expect(String(await read(key))).toBe('hello')
  })

  test('it says that it works while it does, and not when it does not', async (context) => {
    await place.storage.ping()
    if (!place.breakDown) return context.skip('it is not ours to break')
    await place.breakDown()
    await expect(place.storage.ping()).rejects.toThrow()
  })

  test('stopping twice is fine', async () => {
    await place.storage.stop()
    await place.storage.stop()
  })
})
