// How many bodies of files may be on their way.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HARD } from '../../src/contract/limits.js'
import { filesIn, open, until } from '../support/uploading.js'
import { startWorld, type World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('of one user so many bodies arrive at once and no more, whatever they are for', async () => {
  const [dora, eve] = await world.people('dora', 'eve')
  const { url } = await dora.post('/uploads/sign', { filename: 'a.txt', mime_type: 'text/plain', size: 100 })
  // All for one upload, which its quota counts once.
  const bodies = Array.from({ length: HARD.open_uploads }, () => {
    const body = open(dora, 'PUT', url, { 'content-type': 'text/plain' })
    body.write('a')
    return body
  })
  await until(
    () => filesIn(world, 'tmp'),
    (files) => files.length === HARD.open_uploads,
  )
  const upload = () => dora.sendForm('/uploads', { file: new File(['hello'], 'a.txt') })
  expect(await upload()).toMatchObject({ status: 409, body: { code: 'upload.too_many' } })
  expect(await dora.ask('PUT', url, Buffer.from('hello'), { 'content-type': 'text/plain' })).toMatchObject({
    status: 409,
  })
  expect((await eve.sendForm('/uploads', { file: new File(['hello'], 'a.txt') })).status).toBe(201)

  bodies.pop()?.vanish()
  expect((await until(upload, ({ status }) => status !== 409)).status).toBe(201)
  for (const body of bodies) body.vanish()
})
