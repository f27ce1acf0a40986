// An upload goes on where its node was killed, and on any other one.
import { Upload } from 'tus-js-client'
import { expect, test } from 'vitest'
import { DiskStorage } from '../../src/media/disk-storage.js'
import { Person } from '../support/person.js'
import { startProcess } from '../support/process-node.js'
import {
  append,
  begun,
  complete,
  filesIn,
  head,
  MIB,
  offsetOf,
  openAppend,
  sha256,
  text,
  until,
} from '../support/uploading.js'
import { PASSWORD, startWorld } from '../support/world.js'

test('a node is killed in the middle of a request: the client goes on, and the file is right', async () => {
  await using world = await startWorld()
  const node = await startProcess(world)
  const alice = await Person.register(node.url, 'alice', PASSWORD)
  const bytes = text(30 * MIB)
  const id = await begun(alice, bytes.length, { filename: 'long.txt' })
  const patch = openAppend(alice, id, 0, bytes.length)
  patch.write(bytes.slice(0, 20 * MIB))
  await until(
    () => offsetOf(alice, id),
    (offset) => offset === 16 * MIB,
  )
  await node.kill()
  await expect(patch.answer).rejects.toThrow()
  const port = new URL(node.url).port
  await startProcess(world, port)
  // What was stored is still there, and no more than the part that was under way is lost.
  expect(await offsetOf(alice, id)).toBe(16 * MIB)
  await new Promise<void>((resolve, reject) => {
    new Upload(Buffer.from(bytes), {
      uploadUrl: `${node.url}/api/v1/uploads/resumable/${id}`,
      headers: { authorization: `Bearer ${alice.token}` },
      retryDelays: [0, 50, 100],
      onError: reject,
      onSuccess: () => resolve(),
    }).start()
  })
  expect((await complete(alice, id)).body).toMatchObject({ sha256: sha256(bytes), size: bytes.length })
}, 60_000)

test('a tus client outlives the death of its node by itself', async () => {
  await using world = await startWorld()
  const node = await startProcess(world)
  const alice = await Person.register(node.url, 'alice', PASSWORD)
  const bytes = text(20 * MIB)
  let restarted: Promise<unknown> | undefined
  const url = await new Promise<string>((resolve, reject) => {
    const upload = new Upload(Buffer.from(bytes), {
      endpoint: `${node.url}/api/v1/uploads/resumable`,
      headers: { authorization: `Bearer ${alice.token}` },
      chunkSize: 4 * MIB,
      retryDelays: Array(100).fill(100),
      onChunkComplete: (_size, sent) => {
        if (sent >= 8 * MIB) restarted ??= node.kill().then(() => startProcess(world, new URL(node.url).port))
      },
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ''),
    })
    upload.start()
  })
  expect(restarted).toBeDefined()
  await restarted
  const id = url.split('/').at(-1) ?? ''
  expect((await complete(alice, id)).body.sha256).toBe(sha256(bytes))
}, 60_000)

test('a node is killed while it takes a file in: after a while another one does, and nothing is left of the first', async () => {
  await using world = await startWorld()
  const alice = await world.person('alice')
  const id = await begun(alice, 4)
  await append(alice, id, 0, 'text')
  const psql = await world.session()
  // As it would have left it: an object that no row knows, and a place that is taken for a while.
  const { rows } = await psql.query(
    `update uploads set writer = gen_random_uuid(), busy_until = now() + '1 min' where id = $1 returning writer`,
    [id],
  )
  const disk = new DiskStorage({ dir: world.uploads })
  const left = `media/${rows[0].writer}/original` as const
  await disk.put(
    left,
    (async function* () {
      yield Buffer.from('evil')
    })(),
    { mime_type: 'text/plain' },
  )
  expect(await complete(alice, id)).toMatchObject({ status: 423, body: { code: 'upload.locked' } })
  await psql.query(`update uploads set busy_until = now() where id = $1`, [id])
  expect(await complete(alice, id)).toMatchObject({ status: 201, body: { sha256: sha256('text') } })
  expect(await disk.size(left)).toBeUndefined()
  expect(await filesIn(world, 'media')).toHaveLength(1)
})

test('what one node has received another one goes on with and completes', async () => {
  await using world = await startWorld()
  const other = await world.addNode()
  const alice = await world.person('alice')
  const there = await Person.login(other.url, 'alice', PASSWORD)
  const bytes = text(9 * MIB)
  const id = await begun(alice, bytes.length)
  await append(alice, id, 0, bytes.slice(0, 5 * MIB))
  expect((await head(there, id)).headers.get('upload-offset')).toBe(String(5 * MIB))
  // Both at once: one of them goes on.
  const rest = bytes.slice(5 * MIB)
  const ends = await Promise.all([append(alice, id, 5 * MIB, rest), append(there, id, 5 * MIB, rest)])
  expect(ends.map(({ status }) => status).filter((status) => status === 204)).toHaveLength(1)
  expect((await complete(there, id)).body.sha256).toBe(sha256(bytes))
  expect(await complete(alice, id)).toMatchObject({ status: 200 })
})
