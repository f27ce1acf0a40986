// What video and audio hold, asked of ffprobe and ffmpeg. Both are optional: whoever calls has asked findPrograms first.
//
// A playlist (HLS, concat, DASH) names other files and addresses, and ffmpeg would open them: a picture of /etc/passwd,
// or a request into the network of the operator. So only the demuxers of the types that are taken may run, each reads
// nothing but files, and the path is always said to be one.
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { AppError } from '../contract/errors.js'
import { MAX_PIXELS } from './image-source.js'
import { PeakMeter } from './peaks.js'
import { type Bounds, outputOf, ProgramError, runProgram } from './programs.js'

type AvFacts = {
  /** Undefined where the file does not say, as most recordings of browsers: measureDuration() then reads it all. */
  duration_ms: number | undefined
  /** As shown: after the rotation is applied. Undefined without video. */
  width: number | undefined
  height: number | undefined
  has_video: boolean
  has_audio: boolean
}

/** For one call; the default suits the largest file that is taken. */
type AvOptions = { seconds?: number }

const DEMUXERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mp3,aac,ogg,flac,wav'
const PROBE_SECONDS = 20
const DECODE_SECONDS = 60
const POSTER_SIDE = 1_280
const SAMPLES_PER_SECOND = 8_000
/** A day of sound. It goes through memory piece by piece, so this bounds time alone. */
const MAX_PCM_BYTES = SAMPLES_PER_SECOND * 2 * 86_400
const MAX_JSON_BYTES = 1_048_576
/** Addresses, not pages: a file of a kilobyte may announce samples whose list takes many gigabytes. */
const MAX_MEMORY_BYTES = 2 * 1_024 ** 3
const MAX_INT4 = 2_147_483_647

type Program = { path: string; version: string }

/** Those that can be run; absent: there is none, or it does not answer. */
export type Programs = { ffmpeg?: Program; ffprobe?: Program }

export async function findPrograms(paths: { ffmpeg: string; ffprobe: string }): Promise<Programs> {
  const [ffmpeg, ffprobe] = await Promise.all([findProgram(paths.ffmpeg), findProgram(paths.ffprobe)])
  return { ...(ffmpeg && { ffmpeg }), ...(ffprobe && { ffprobe }) }
}

async function findProgram(path: string): Promise<Program | undefined> {
  const said = await outputOf(path, ['-version'], { seconds: 10, max_bytes: 65_536 }).catch(() => '')
  const version = /^ff(?:mpeg|probe) version (\S+)/.exec(said)?.[1]
  return version === undefined ? undefined : { path, version }
}

/** @throws AppError attachment.unreadable */
export async function probe(ffprobe: string, path: string, options: AvOptions = {}): Promise<AvFacts> {
  const wanted = [
    'format=duration',
    'stream=codec_type,width,height,duration',
    'stream_disposition=attached_pic',
    'stream_side_data=rotation',
  ].join(':')
  const args = ['-v', 'error', ...input(path), '-show_entries', wanted, '-of', 'json']
  const bounds = boundsOf(options, PROBE_SECONDS, MAX_JSON_BYTES)
  return factsOf(JSON.parse(await unlessUnreadable(outputOf(ffprobe, args, bounds))))
}

type Stream = {
  codec_type?: string
  width?: number
  height?: number
  duration?: string
  disposition?: { attached_pic?: number }
  side_data_list?: { rotation?: number }[]
}

function factsOf({ format, streams = [] }: { format?: { duration?: string }; streams?: Stream[] }): AvFacts {
  // The cover of a song is a stream of video with one frame.
  const video = streams.find((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic)
  const audio = streams.find((stream) => stream.codec_type === 'audio')
  if (!video && !audio) throw new AppError('attachment.unreadable')
  const isTurned = video?.side_data_list?.some(({ rotation = 0 }) => Math.abs(rotation) % 180 === 90) ?? false
  const [width, height] = [video?.width || undefined, video?.height || undefined]
  return {
    duration_ms: milliseconds(Number(format?.duration ?? video?.duration ?? audio?.duration) * 1_000),
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    has_video: video !== undefined,
    has_audio: audio !== undefined,
  }
}

function milliseconds(value: number): number | undefined {
  return Number.isFinite(value) && value > 0 ? Math.min(Math.round(value), MAX_INT4) : undefined
}

/**
 * How long it is by its last packet, without decoding any; undefined when it holds none.
 * @throws AppError attachment.unreadable
 */
export async function measureDuration(
  ffmpeg: string,
  path: string,
  options: AvOptions = {},
): Promise<number | undefined> {
  const tracks = ['-map', '0:V?', '-map', '0:a?']
  const args = [...FFMPEG, ...input(path), ...tracks, '-c', 'copy', '-progress', 'pipe:1', '-f', 'null', '-']
  const said = await unlessUnreadable(outputOf(ffmpeg, args, boundsOf(options, DECODE_SECONDS, MAX_JSON_BYTES)))
  return milliseconds(Number([...said.matchAll(/^out_time_us=(\d+)$/gm)].at(-1)?.[1]) / 1_000)
}

/**
 * Writes the frame at this time, or the first when there is none so late, upright as a PNG of at most 1280 pixels a side.
 * @throws AppError attachment.unreadable
 */
export async function posterFrame(
  ffmpeg: string,
  path: string,
  to: string,
  at_ms: number,
  options: AvOptions = {},
): Promise<void> {
  const fit = `scale=w='min(${POSTER_SIDE},iw)':h='min(${POSTER_SIDE},ih)':force_original_aspect_ratio=decrease`
  const output = ['-map', '0:V:0', '-frames:v', '1', '-vf', fit, '-c:v', 'png', '-f', 'image2', '-update', '1']
  await rm(to, { force: true })
  try {
    for (const at of new Set([at_ms, 0])) {
      const args = [...FFMPEG, '-ss', String(at / 1_000), ...input(path), ...output, '-y', `file:${to}`]
      await unlessUnreadable(runProgram(ffmpeg, args, boundsOf(options, DECODE_SECONDS, 0), () => undefined))
      if (existsSync(to)) return
    }
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
  throw new AppError('attachment.unreadable')
}

/**
 * How loud it is along its time (peaks.ts), and how long: decoded as it comes, never as a whole.
 * @throws AppError attachment.unreadable
 */
export async function waveform(
  ffmpeg: string,
  path: string,
  options: AvOptions = {},
): Promise<{ peaks: number[]; duration_ms: number }> {
  const output = ['-map', '0:a:0', '-ac', '1', '-ar', String(SAMPLES_PER_SECOND), '-f', 's16le', 'pipe:1']
  const meter = new PeakMeter()
  const bounds = boundsOf(options, DECODE_SECONDS, MAX_PCM_BYTES)
  await unlessUnreadable(
    runProgram(ffmpeg, [...FFMPEG, ...input(path), ...output], bounds, (chunk) => meter.add(chunk)),
  )
  const peaks = meter.peaks()
  if (peaks.length === 0) throw new AppError('attachment.unreadable')
  return { peaks, duration_ms: Math.round((meter.samples / SAMPLES_PER_SECOND) * 1_000) }
}

const FFMPEG = ['-nostdin', '-v', 'error', '-nostats']

function input(path: string): string[] {
  return [
    ...['-protocol_whitelist', 'file', '-format_whitelist', DEMUXERS],
    ...['-threads', '1', '-max_pixels', String(MAX_PIXELS), '-i', `file:${path}`],
  ]
}

function boundsOf({ seconds }: AvOptions, usual: number, max_bytes: number): Bounds {
  return { seconds: seconds ?? usual, max_bytes, max_memory: MAX_MEMORY_BYTES }
}

/** What the program makes of the file is the file's fault; that there is no such program is not. */
async function unlessUnreadable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    throw new AppError('attachment.unreadable', {}, { cause: error })
  }
}
