// What is made of a file once it is stored, and who hears of it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Frame } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { jpeg, phonePhoto } from '../support/pictures.js'
import { filesIn } from '../support/uploading.js'
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
  expect(original.bytes.includes('Earshot Phone')).toBe(false)
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

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0

/** A recording of a tone, with a test picture when it has a size. */
function record(name: string, ...more: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-av-'))
  try {
    const path = join(folder, name)
    const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2']
    execFileSync('ffmpeg', ['-v', 'error', ...tone, ...more, '-t', '2', path])
    return readFileSync(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.skipIf(!hasFfmpeg)('with ffmpeg on this machine', () => {
  test('a voice message has its length and its loudness over time', async () => {
    const { message, ready } = await sendReady('note.ogg', record('note.ogg'), '?voice=true')
    expect(message.type).toBe('voice')
    expect(ready).toMatchObject({ state: 'ready', kind: 'voice', variants: [], width: null })
    expect(ready.duration_ms).toBeGreaterThan(1_900)
    expect(ready.waveform).toHaveLength(64)
  })

  test('a video has its length, its size and a poster frame', async () => {
    const picture = ['-f', 'lavfi', '-i', 'testsrc=duration=2:size=320x240:rate=10']
    const { message, ready } = await sendReady('clip.mp4', record('clip.mp4', ...picture))
    expect(message.type).toBe('video')
    expect(ready).toMatchObject({ state: 'ready', kind: 'video', width: 320, height: 240 })
    // A poster has all sizes: the video cannot take the place of one.
    expect(ready.variants.map((one: { name: string; width: number }) => [one.name, one.width])).toEqual([
      ['large', 320],
      ['preview', 320],
      ['thumbnail', 150],
    ])
    const poster = await sharp((await bob.download(`${ready.url}?variant=thumbnail`)).bytes).metadata()
    expect([poster.format, poster.width]).toEqual(['webp', 150])
    // The video itself stays what it is, also for who saves data.
    expect((await bob.download(ready.url, { 'save-data': 'on' })).headers.get('content-type')).toBe('video/mp4')
  })

  test('a video that is damaged stays as it was sent, without previews', async () => {
    const whole = record('clip.mp4', '-f', 'lavfi', '-i', 'testsrc=duration=2:size=320x240:rate=10')
    const { ready } = await sendReady('broken.mp4', whole.subarray(0, 2_000))
    expect(ready).toMatchObject({ state: 'failed', variants: [] })
    expect((await bob.download(ready.url)).bytes.length).toBe(2_000)
  })
})

test('without ffmpeg, sound is sent all the same, and health says what is missing', async () => {
  await using bare = await startWorld({ FFMPEG_PATH: '/nowhere/ffmpeg', FFPROBE_PATH: '/nowhere/ffprobe' })
  const [carol, dave] = await bare.people('carol', 'dave')
  const { body } = await carol.ask('GET', `${bare.node.url}/health`)
  expect(body.services.media).toMatchObject({ ffmpeg: null, ffprobe: null })
  const ear = await listen(dave)
  const wav = Buffer.from(
    `RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0`,
    'latin1',
  )
  const attachment = await carol.upload('note.wav', wav)
  const message = await carol.say((await bare.group(carol, dave)).id, '', { attachment_ids: [attachment.id] })
  let { data } = await ear.next('message.created', (frame) => frame.data.id === message.id)
  if (data.attachments[0].state === 'processing') data = (await ear.next('attachment.ready')).data
  expect(data.attachments[0]).toMatchObject({ state: 'ready', kind: 'audio', duration_ms: null, waveform: null })
})

test('a voice message is sound', async () => {
  const answer = await alice.sendForm('/uploads?voice=true', { file: new File(['hello'], 'a.ogg') })
  expect([answer.status, answer.body.code]).toEqual([415, 'attachment.type_not_allowed'])
})

test('of an animation whose first picture alone can be read, nothing is left lying about', async () => {
  const frames = await Promise.all([jpeg(1_400, 700), jpeg(1_400, 700)])
  const torn = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true, effort: 0 })
    .toBuffer()
  const second = torn.lastIndexOf('VP8L')
  torn.fill(0xff, second + 13, second + 33)
  const { ready } = await sendReady('torn.webp', torn, '?keep_metadata=true')
  expect(ready).toMatchObject({ state: 'failed', variants: [] })
  expect(await filesIn(world, 'tmp')).toEqual([])
})

test('many files of one user do not hold up the one of another', async () => {
  await using busy = await startWorld({ JOBS: '0' })
  const [many, one] = await busy.people('many', 'one')
  const names = new Map<string, string>()
  for (const [person, name, side] of [
    [many, 'm1', 11],
    [many, 'm2', 12],
    [many, 'm3', 13],
    [one, 'o1', 14],
  ] as const) {
    names.set((await person.upload(`${name}.jpg`, await jpeg(side, side))).id, name)
  }
  // As the queue takes them.
  const session = await busy.session()
  const { rows } = await session.query(`
    select p.payload ->> 'blob_id' as id
    from graphile_worker.jobs j join graphile_worker._private_jobs p using (id)
    where j.task_identifier = 'make_previews' order by j.priority, j.run_at, j.id`)
  expect(rows.map(({ id }) => names.get(id))).toEqual(['m1', 'o1', 'm2', 'm3'])
})
