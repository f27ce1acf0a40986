import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { findPrograms, measureDuration, posterFrame, probe, waveform } from '../../src/media/av.js'
import { SAMPLE_BYTES, sniff } from '../../src/media/sniff.js'
import { makeVariants } from '../../src/media/variants.js'
import { type Folder, makeFolder } from './folder.js'

const { ffmpeg, ffprobe } = await findPrograms({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe' })
const withPrograms = test.skipIf(!ffmpeg || !ffprobe)
const UNREADABLE = { code: 'attachment.unreadable' }

/** Runs ffmpeg as we would not: to make a file. */
function make(folder: Folder, name: string, ...args: string[]): string {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, folder.path(name)])
  return folder.path(name)
}
const PICTURES = (seconds: number, size = '160x120') => ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=10:d=${seconds}`]
const TONE = (seconds: number) => ['-f', 'lavfi', '-i', `sine=d=${seconds}`]
const SILENCE = (seconds: number) => ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', String(seconds)]

test('a program that is not there, or is another one, is not found', async () => {
  expect(await findPrograms({ ffmpeg: '/nowhere/ffmpeg', ffprobe: 'true' })).toEqual({})
})

withPrograms('a program that is there is found with its version', () => {
  expect(ffmpeg).toEqual({ path: 'ffmpeg', version: expect.stringMatching(/^\S+$/) })
  expect(ffprobe).toEqual({ path: 'ffprobe', version: expect.stringMatching(/^\S+$/) })
})

withPrograms('every type of video and audio is known by its content, and measured', async () => {
  using folder = makeFolder()
  const videos = { mp4: [], mov: [], avi: ['-c:v', 'mpeg4'], webm: ['-c:v', 'libvpx'], mkv: [] }
  const sounds = { mp3: [], aac: [], m4a: [], ogg: ['-c:a', 'libopus'], weba: ['-f', 'webm'], flac: [], wav: [] }
  for (const [extension, args] of Object.entries(videos)) {
    const path = make(folder, `a.${extension}`, ...PICTURES(1), ...TONE(1), ...args)
    expect((await sniff(readFileSync(path).subarray(0, SAMPLE_BYTES), 'x'))?.extension).toBe(extension)
    const facts = await probe('ffprobe', path)
    expect(facts).toMatchObject({ width: 160, height: 120, has_video: true, has_audio: true })
    expect(Math.abs((facts.duration_ms ?? 0) - 1_000)).toBeLessThan(120)
  }
  for (const [extension, args] of Object.entries(sounds)) {
    const path = make(folder, `a.${extension}`, ...TONE(1), ...args)
    expect((await sniff(readFileSync(path).subarray(0, SAMPLE_BYTES), 'x'))?.extension).toBe(extension)
    const facts = await probe('ffprobe', path)
    expect(facts).toMatchObject({ width: undefined, height: undefined, has_video: false, has_audio: true })
    expect(Math.abs((facts.duration_ms ?? 0) - 1_000)).toBeLessThan(120)
  }
})

withPrograms('a video on its side is measured and shown upright', async () => {
  using folder = makeFolder()
  const flat = make(folder, 'flat.mp4', ...PICTURES(1))
  const turned = turn(folder, flat)
  expect(await probe('ffprobe', turned)).toMatchObject({ width: 120, height: 160 })
  await posterFrame('ffmpeg', turned, folder.path('poster'), 0)
  expect(await sharp(folder.path('poster')).metadata()).toMatchObject({ format: 'png', width: 120, height: 160 })
})

/** The matrix of the track, as a phone writes it for a quarter turn; ffmpeg's own option for it changes with its version. */
function turn(folder: Folder, path: string): string {
  const bytes = readFileSync(path)
  const track = bytes.indexOf('tkhd') + 4
  for (const [index, value] of [0, 0x10000, 0, -0x10000, 0, 0].entries()) {
    bytes.writeInt32BE(value, track + 40 + index * 4)
  }
  return folder.write('turned.mp4', bytes)
}

withPrograms(
  'a poster is the frame at its time, the first if there is none so late, and at most 1280 a side',
  async () => {
    using folder = makeFolder()
    const red = ['-f', 'lavfi', '-i', 'color=red:s=1600x800:d=1:r=10']
    const blue = ['-f', 'lavfi', '-i', 'color=blue:s=1600x800:d=1:r=10']
    const path = make(folder, 'a.mp4', ...red, ...blue, '-filter_complex', '[0][1]concat=n=2')
    const colourAt = async (at_ms: number) => {
      await posterFrame('ffmpeg', path, folder.path('poster'), at_ms)
      const { dominant } = await sharp(folder.path('poster')).stats()
      return dominant.r > dominant.b ? 'red' : 'blue'
    }
    expect([await colourAt(0), await colourAt(1_500), await colourAt(60_000)]).toEqual(['red', 'blue', 'red'])
    expect(await sharp(folder.path('poster')).metadata()).toMatchObject({ width: 1_280, height: 640 })
    const { variants } = await makeVariants(folder.path('poster'), (name) => folder.path(name))
    expect(variants.map(({ name }) => name)).toEqual(['preview', 'thumbnail'])

    await expect(
      posterFrame('ffmpeg', make(folder, 'a.wav', ...TONE(1)), folder.path('none'), 0),
    ).rejects.toMatchObject(UNREADABLE)
    expect(existsSync(folder.path('none'))).toBe(false)
  },
)

withPrograms('a tone is loud and silence is not, and both are as long as they are', async () => {
  using folder = makeFolder()
  const tone = await waveform('ffmpeg', make(folder, 'tone.ogg', ...TONE(3)))
  expect(tone.peaks).toHaveLength(64)
  expect(Math.min(...tone.peaks.slice(1, -1))).toBeGreaterThan(80)
  expect(Math.abs(tone.duration_ms - 3_000)).toBeLessThan(100)
  const silence = await waveform('ffmpeg', make(folder, 'silence.ogg', ...SILENCE(2)))
  expect(silence.peaks).toEqual(Array(64).fill(0))
  await expect(waveform('ffmpeg', make(folder, 'mute.mp4', ...PICTURES(1)))).rejects.toMatchObject(UNREADABLE)
})

withPrograms('a recording that does not say how long it is, is measured to its end', async () => {
  using folder = makeFolder()
  // As a browser records: written without ever seeking back.
  const live = spawnSync('ffmpeg', ['-v', 'error', ...TONE(2), '-c:a', 'libopus', '-f', 'webm', '-live', '1', 'pipe:1'])
  const path = folder.write('live.webm', live.stdout)
  expect((await probe('ffprobe', path)).duration_ms).toBeUndefined()
  expect(Math.abs(((await measureDuration('ffmpeg', path)) ?? 0) - 2_000)).toBeLessThan(100)
  await expect(measureDuration('ffmpeg', folder.write('x.webm', 'no video'))).rejects.toMatchObject(UNREADABLE)
})

withPrograms('the cover of a song is no video', async () => {
  using folder = makeFolder()
  const cover = folder.write(
    'cover.png',
    await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  )
  const song = make(folder, 'a.mp3', ...TONE(1), '-i', cover, '-map', '0', '-map', '1', '-c:v', 'copy')
  expect(await probe('ffprobe', song)).toMatchObject({ has_video: false, has_audio: true, width: undefined })
})

withPrograms('a playlist under the name of a video reads no other file and asks no server', async () => {
  using folder = makeFolder()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const secret = make(folder, 'secret.ts', ...PICTURES(1), '-f', 'mpegts')
  const hls = (target: string) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`
  const attacks = [
    hls(`${url}/segment.ts`),
    hls(secret),
    hls('/etc/hostname'),
    hls('secret.ts'),
    `ffconcat version 1.0\nfile ${secret}\n`,
    `ffconcat version 1.0\nfile '${url}/concat.ts'\n`,
    `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${url}/</BaseURL></MPD>`,
    `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n`,
  ]
  for (const attack of attacks) {
    const path = folder.write('evil.mp4', attack)
    await expect(probe('ffprobe', path)).rejects.toMatchObject(UNREADABLE)
    await expect(posterFrame('ffmpeg', path, folder.path('poster'), 0)).rejects.toMatchObject(UNREADABLE)
    expect(existsSync(folder.path('poster'))).toBe(false)
  }
  const path = folder.write('evil.mp4', hls(secret))
  await expect(waveform('ffmpeg', path)).rejects.toMatchObject(UNREADABLE)
  await expect(measureDuration('ffmpeg', path)).rejects.toMatchObject(UNREADABLE)
  expect(asked).toEqual([])

  // Both attacks work on whoever does not forbid them.
  const naive = (attack: string, ...args: string[]) =>
    new Promise((resolve) =>
      spawn('ffprobe', ['-v', 'quiet', ...args, folder.write('evil.mp4', attack)]).on('close', resolve),
    )
  expect(await naive(hls(secret))).toBe(0)
  await naive(hls(`${url}/segment.ts`), '-protocol_whitelist', 'file,http,tcp')
  expect(asked).toContain('/segment.ts')
  server.close()
})

withPrograms('a name is never an option or an address', async () => {
  await expect(probe('ffprobe', '-version')).rejects.toMatchObject(UNREADABLE)
  await expect(probe('ffprobe', 'http://127.0.0.1:1/a.mp4')).rejects.toMatchObject(UNREADABLE)
})

withPrograms('what is cut off, empty or no video at all is unreadable', async () => {
  using folder = makeFolder()
  const whole = readFileSync(make(folder, 'a.mp4', ...PICTURES(2)))
  const moov = whole.indexOf('moov')
  for (const bytes of [whole.subarray(0, moov), Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(100_000, 7)]) {
    await expect(probe('ffprobe', folder.write('bad.mp4', bytes))).rejects.toMatchObject(UNREADABLE)
  }
})

withPrograms('what takes too long is killed, and nothing of it is left', async () => {
  using folder = makeFolder()
  const path = make(folder, 'long.flac', ...SILENCE(5_000), '-compression_level', '0')
  const before = openFiles()
  const work = waveform('ffmpeg', path, { seconds: 0.05 })
  await expect(work).rejects.toMatchObject({ ...UNREADABLE, cause: { failure: 'time' } })
  const poster = posterFrame('ffmpeg', path, folder.path('poster'), 0, { seconds: 0.001 })
  await expect(poster).rejects.toMatchObject(UNREADABLE)
  expect(existsSync(folder.path('poster'))).toBe(false)
  expect(openFiles()).toBe(before)
})

withPrograms('a small file that announces many samples does not take the memory for all of them', async () => {
  using folder = makeFolder()
  const path = folder.write('bomb.mp4', sampleBomb(3, 80_000_000))
  // Their list would have 6 GB, and be 10 seconds in the making.
  expect(await probe('ffprobe', path, { seconds: 3 })).toMatchObject({ has_video: true })
})

/** Tracks that say they have so many samples of one byte, all in one chunk: 700 bytes each. */
function sampleBomb(tracks: number, samples: number): Buffer {
  const box = (type: string, ...parts: Buffer[]) => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(8 + Buffer.concat(parts).length)
    return Buffer.concat([size, Buffer.from(type, 'latin1'), ...parts])
  }
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4)
    for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
    return bytes
  }
  const UPRIGHT = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]
  const entry = Buffer.alloc(78)
  for (const [at, value] of [
    [6, 1],
    [24, 16],
    [26, 16],
    [40, 1],
    [74, 24],
    [76, 0xffff],
  ] as const) {
    entry.writeUInt16BE(value, at)
  }
  const samplesOfTrack = box(
    'stbl',
    box('stsd', words(0, 1), box('avc1', entry)),
    box('stts', words(0, 1, samples, 1)),
    box('stsc', words(0, 1, 1, samples, 1)),
    box('stsz', words(0, 1, samples)),
    box('stco', words(0, 1, 48)),
  )
  const media = box(
    'mdia',
    box('mdhd', words(0, 0, 0, 1_000, 1_000, 0x55c40000)),
    box('hdlr', words(0, 0), Buffer.from('vide'), words(0, 0, 0), Buffer.from('x\0')),
    box('minf', box('dinf', box('dref', words(0, 1), box('url ', words(1)))), samplesOfTrack),
  )
  const track = box('trak', box('tkhd', words(7, 0, 0, 1, 0, 1_000, 0, 0, 0, 0, ...UPRIGHT, 16 << 16, 16 << 16)), media)
  const header = box('mvhd', words(0, 0, 0, 1_000, 1_000, 0x10000, 0x1000000, 0, 0, ...UPRIGHT, 0, 0, 0, 0, 0, 0, 2))
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\0\0isom', 'latin1')),
    box('mdat', Buffer.alloc(100)),
    box('moov', header, ...Array(tracks).fill(track)),
  ])
}

/** Linux can tell. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}
