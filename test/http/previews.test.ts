// What is made of a file once it is stored, and who hears of it.
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Frame } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { jpeg, phonePhoto } from '../support/pictures.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'

let world: World
let alice: Person
let bob: Person
let home: string
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
  home = (await world.group(alice, bob)).id
})
afterAll(() => world[Symbol.asyncDispose]())

/** Sends the file and waits until its previews are there. */
async function sendReady(filename: string, content: Uint8Array, query = '') {
  const ear = await listen(bob)
  const attachment = await alice.upload(filename, content, query)
  const message = await alice.say(home, 'look', { attachment_ids: [attachment.id] })
  const isIt = (frame: Frame) => frame.data.id === message.id
  let heard = (await ear.next('message.created', isIt)).data
  // The previews may have been quicker than the message.
  if (heard.attachments[0].state === 'processing') heard = (await ear.next('attachment.ready', isIt)).data
  return { attachment, message, heard, ready: heard.attachments[0] }
}

test('a photo is turned upright, says no more where it was taken, and has its previews', async () => {
  const { message, ready } = await sendReady('IMG_1.jpg', await phonePhoto(1600, 1200))
  expect(message.type).toBe('image')
  expect(ready).toMatchObject({ state: 'ready', kind: 'image', width: 1200, height: 1600, is_animated: false })
  expect(ready.blurhash).toMatch(/^.{20,}$/)
  expect(ready.variants.map(({ name, width, height }: never) => [name, width, height])).toEqual([
    ['large', 960, 1280],
    ['preview', 480, 640],
    ['thumbnail', 113, 150],
  ])
  const original = await bob.download(ready.url)
  const metadata = await sharp(original.bytes).metadata()
  expect([metadata.exif, metadata.orientation, metadata.width]).toEqual([undefined, undefined, 1200])
  expect(original.bytes.includes('GPS')).toBe(false)
  expect(original.bytes.length).toBe(ready.size)

  const thumbnail = await bob.download(`${ready.url}?variant=thumbnail`)
  expect(thumbnail.headers.get('content-type')).toBe('image/webp')
  expect((await sharp(thumbnail.bytes).metadata()).height).toBe(150)
})

test('a photo keeps what its camera wrote when its sender asks for that', async () => {
  const content = await phonePhoto()
  const { ready } = await sendReady('IMG_2.jpg', content, '?keep_metadata=true')
  expect(ready).toMatchObject({ width: 600, height: 800, size: content.length })
  expect((await bob.download(ready.url)).bytes.equals(content)).toBe(true)
})

test('previews that are made after the message was sent are heard by everybody, and by nobody else', async () => {
  const outsider = await world.person('outsider')
  const ear = await listen(outsider)
  const { heard, message } = await sendReady('IMG_3.jpg', await jpeg())
  expect(heard).toMatchObject({ id: message.id, content: 'look', attachments: [{ state: 'ready' }] })
  expect(await bob.get(`/messages/${message.id}`)).toEqual(heard)
  await outsider.settled()
  expect(ear.frames.filter((frame) => frame.type.startsWith('attachment.'))).toEqual([])
})

test('a reader who saves data gets the preview, and a cache is told so', async () => {
  const { ready } = await sendReady('IMG_4.jpg', await jpeg(1000, 800))
  const saved = await bob.download(ready.url, { 'save-data': 'on' })
  const full = await bob.download(ready.url)
  const named = await bob.download(`${ready.url}?variant=original`, { 'save-data': 'on' })
  expect((await sharp(saved.bytes).metadata()).width).toBe(640)
  for (const answer of [saved, full]) expect(answer.headers.get('vary')).toContain('Save-Data')
  expect(named.bytes.equals(full.bytes)).toBe(true)
  expect(saved.headers.get('etag')).not.toBe(full.headers.get('etag'))
})

test('a preview that a small picture does not need is the picture itself', async () => {
  const { ready } = await sendReady(
    'small.png',
    await sharp(await jpeg(40, 30))
      .png()
      .toBuffer(),
  )
  const [large, original] = [await bob.download(`${ready.url}?variant=large`), await bob.download(ready.url)]
  expect(large.bytes.equals(original.bytes)).toBe(true)
})
