// Bytes as an answer: conditional and partial requests (RFC 9110 §13, §14), and headers that let a cache keep them for ever
// and a browser never run them.
import { Readable } from 'node:stream'
import contentDisposition from 'content-disposition'
import type { Context } from 'hono'
import parseRange from 'range-parser'
import { AppError } from '../contract/errors.js'
import type { Key, Range } from '../media/storage.js'
import type { Env } from './env.js'

export type ServedFile = {
  key: Key
  size: number
  mime_type: string
  /** Strong: the same for the same bytes alone. */
  etag: string
  filename: string
  /** What a browser may show by itself; everything else is offered as a download. */
  inline: boolean
  /** Whose caches may keep it. */
  cache: 'private' | 'public'
}

const YEAR_S = 31_536_000

/** @throws AppError attachment.range_not_satisfiable */
export async function answerFile(c: Context<Env>, file: ServedFile): Promise<Response> {
  c.header('Cache-Control', `${file.cache}, max-age=${YEAR_S}, immutable`)
  c.header('ETag', file.etag)
  c.header('Accept-Ranges', 'bytes')
  // Whatever the bytes claim to be, no page is made of them (OWASP File Upload).
  c.header('Content-Security-Policy', "default-src 'none'; sandbox")
  c.header('Cross-Origin-Resource-Policy', 'cross-origin')
  if (isKnown(c, file.etag)) return c.body(null, 304)
  c.header('Content-Type', file.mime_type)
  c.header('Content-Disposition', contentDisposition(file.filename, { type: file.inline ? 'inline' : 'attachment' }))

  const range = rangeOf(c, file)
  const length = range ? range.end - range.start + 1 : file.size
  c.header('Content-Length', String(length))
  if (range) c.header('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`)
  const status = range ? 206 : 200
  // Its answer has no body, and nobody would ever close a file that was opened for it.
  if (c.req.method === 'HEAD') return c.body(null, status)
  const stream = await c.var.media.storage.get(file.key, range)
  if (!stream) throw new AppError('internal', { detail: 'The storage has lost this file' })
  return c.body(Readable.toWeb(stream), status)
}

/** RFC 9110 §13.1.2, with the weak comparison that it asks for. */
function isKnown(c: Context<Env>, etag: string): boolean {
  const known = c.req.header('if-none-match')
  return (
    known !== undefined &&
    (known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))
  )
}

/** One range, or all of it. Several at once are refused: nobody who plays or resumes a file asks for them. */
function rangeOf(c: Context<Env>, file: ServedFile): Range | undefined {
  const header = c.req.header('range')
  const condition = c.req.header('if-range')
  // An unknown unit or a date is no reason to fail: then it is all of it.
  if (header === undefined || (condition !== undefined && condition !== file.etag)) return undefined
  const ranges = parseRange(file.size, header)
  if (ranges === -2 || (ranges !== -1 && ranges.type !== 'bytes')) return undefined
  const [range, more] = ranges === -1 ? [] : ranges
  if (!range || more) {
    c.header('Content-Range', `bytes */${file.size}`)
    throw new AppError('attachment.range_not_satisfiable', {
      detail: more ? 'One range at a time' : `It has ${file.size} bytes`,
    })
  }
  return range
}
