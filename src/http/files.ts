// Bytes as an answer: conditional and partial requests (RFC 9110 §13, §14), and headers that let a cache keep them for ever
// and a browser never run them.
import { Readable } from 'node:stream'
import contentDisposition from 'content-disposition'
import type { Context } from 'hono'
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
  if (isKnown(c, file.etag)) {
    describe(c, file)
    return c.body(null, 304)
  }
  const range = rangeOf(c, file)
  // The answer to HEAD has no body, and nobody would ever close a file that was opened for it.
  const stream = c.req.method === 'HEAD' ? null : await c.var.media.storage.get(file.key, range)
  if (stream === undefined) throw new AppError('internal', { detail: 'The storage has lost this file' })
  describe(c, file)
  c.header('Accept-Ranges', 'bytes')
  // What is in UTF-16 says so by its first bytes, which count for more.
  c.header('Content-Type', file.mime_type.startsWith('text/') ? `${file.mime_type}; charset=utf-8` : file.mime_type)
  c.header('Content-Disposition', disposition(file))
  c.header('Content-Length', String(range ? range.end - range.start + 1 : file.size))
  if (range) c.header('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`)
  const status = range ? 206 : 200
  return stream === null ? c.body(null, status) : c.body(Readable.toWeb(stream) as ReadableStream, status)
}

/** Something small that is made anew each time. */
export function answerText(
  c: Context<Env>,
  text: string,
  file: Pick<ServedFile, 'mime_type' | 'etag' | 'cache'>,
): Response {
  describe(c, file)
  if (isKnown(c, file.etag)) return c.body(null, 304)
  c.header('Content-Type', file.mime_type)
  return c.body(text, 200)
}

function describe(c: Context<Env>, { cache, etag }: Pick<ServedFile, 'etag' | 'cache'>): void {
  c.header('Cache-Control', `${cache}, max-age=${YEAR_S}, immutable`)
  c.header('ETag', etag)
  // Whatever the bytes claim to be, no page is made of them (OWASP File Upload).
  c.header('Content-Security-Policy', "default-src 'none'; sandbox")
  c.header('Cross-Origin-Resource-Policy', 'cross-origin')
}

/** RFC 9110 §13.1.2, with the weak comparison that it asks for. */
function isKnown(c: Context<Env>, etag: string): boolean {
  const known = c.req.header('if-none-match')
  if (known === undefined) return false
  return known.trim() === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
}

/** RFC 6266; the name in ASCII is for what does not know the other one. */
function disposition({ filename, inline }: ServedFile): string {
  const fallback = filename.replace(/[^\x20-\x7e]/g, '_')
  return contentDisposition(filename, { type: inline ? 'inline' : 'attachment', fallback })
}

/**
 * One range, or all of it (RFC 9110 §14.1.2). Several at once are refused: nobody who plays or resumes a file asks for them.
 * What is no range at all is passed over, as the RFC has it.
 */
function rangeOf(c: Context<Env>, { size, etag }: ServedFile): Range | undefined {
  const header = c.req.header('range')?.trim()
  const condition = c.req.header('if-range')
  if (!header?.startsWith('bytes=') || (condition !== undefined && condition !== etag)) return undefined
  const [, first = '', last = ''] = /^bytes= *(\d{0,15})-(\d{0,15}) *$/.exec(header) ?? []
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if ((first === '' && last === '') || start > end) {
    c.header('Content-Range', `bytes */${size}`)
    throw new AppError('attachment.range_not_satisfiable', { detail: `One range of its ${size} bytes` })
  }
  return { start, end }
}
