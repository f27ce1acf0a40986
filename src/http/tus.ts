// What tus 1.0.0 (https://tus.io/protocols/resumable-upload) says in headers.
import type { Context, MiddlewareHandler } from 'hono'
import { AppError } from '../contract/errors.js'
import { TusMetadata } from '../contract/uploads.js'
import { largestFile } from '../domain/announced.js'
import type { Progress } from '../domain/resumable-uploads.js'
import type { Env } from './env.js'
import { fieldsOf } from './forms.js'

const VERSION = '1.0.0'
const EXTENSIONS = 'creation,creation-with-upload,expiration,termination'
export const TUS_BYTES = 'application/offset+octet-stream'

/** For CORS: what pages may send, and what they may read. */
export const TUS_SENT = ['Tus-Resumable', 'Upload-Length', 'Upload-Offset', 'Upload-Metadata', 'Upload-Checksum']
export const TUS_TOLD = [
  ...['Location', 'Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Expires'],
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size'],
]

/** Before CORS, which answers OPTIONS: by that a client finds out what is spoken here. */
export function speakTus(): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.header('Tus-Resumable', VERSION)
    if (c.req.method === 'OPTIONS') {
      c.header('Tus-Version', VERSION)
      c.header('Tus-Extension', EXTENSIONS)
      c.header('Tus-Max-Size', String(largestFile(c.var.limits)))
    }
    await next()
  }
}

/** @throws AppError upload.tus_version */
export function requireTus(c: Context<Env>): void {
  if (c.req.header('tus-resumable') === VERSION) return
  c.header('Tus-Version', VERSION)
  throw new AppError('upload.tus_version')
}

/** @throws AppError request.invalid */
export function readMetadata(header = ''): TusMetadata {
  const pairs = header.split(',').filter((pair) => pair.trim() !== '')
  const entries = pairs.map((pair) => {
    const [key = '', value = '', ...more] = pair.trim().split(' ')
    const bytes = Buffer.from(value, 'base64')
    if (more.length > 0 || bytes.toString('base64') !== value) throw malformed(key)
    return [key, bytes.toString()] as const
  })
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw malformed('Upload-Metadata')
  return fieldsOf(TusMetadata, Object.fromEntries(entries))
}

export function tellProgress(c: Context<Env>, upload: Progress): void {
  c.header('Upload-Offset', String(upload.received))
  c.header('Upload-Expires', upload.expires_at.toUTCString())
}

function malformed(path: string): AppError {
  const message = 'must be keys, each once, with a blank and their value in Base64'
  return new AppError('request.invalid', { errors: [{ path, code: 'invalid_format', message }] })
}
