// A form with files, read as it arrives (RFC 7578). Nothing of it is kept but its short fields; whoever takes a file reads
// it to the end or fails, and either way nothing stays open.
import type { IncomingMessage } from 'node:http'
import busboy from 'busboy'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'

/** Reads a file to its end, or fails. */
export type TakeFile = (file: FormFile) => Promise<void>

export type FormFile = { filename: string | undefined; bytes: AsyncIterable<Uint8Array> }

export type FormLimits = {
  files: number
  /** Without a byte for so long, it ends. */
  stall_ms: number
}

const FIELDS = 16

/**
 * Calls `onFile` for each file, one after the other, and answers the fields.
 * @throws AppError upload.malformed, upload.stalled, request.too_large, request.unsupported_media_type, and what onFile throws
 */
export async function readForm(
  incoming: IncomingMessage,
  limits: FormLimits,
  onFile: TakeFile,
): Promise<Record<string, string>> {
  const parser = openParser(incoming, limits.files)
  const fields: Record<string, string> = {}
  let files = 0
  let taking: Promise<void> = Promise.resolve()
  return new Promise((resolve, reject) => {
    const whole = new Promise<void>((end, breakOff) => {
      parser.on('close', end)
      parser.on('error', breakOff)
    })
    whole.catch(() => undefined)
    const timer = setTimeout(() => fail(new AppError('upload.stalled')), limits.stall_ms)
    const onData = () => timer.refresh()
    const onAborted = () => fail(new AppError('upload.malformed', { detail: 'The connection has ended' }))
    let failed = false
    const fail = (error: unknown) => {
      if (failed) return
      failed = true
      release()
      incoming.unpipe(parser)
      // Ends the file that is being read, and so whoever reads it.
      parser.destroy(error instanceof Error ? error : new Error('the form was not read to its end'))
      // What they had open is closed before anybody is answered.
      taking.catch(() => undefined).then(() => reject(error))
    }
    const release = () => {
      clearTimeout(timer)
      incoming.off('data', onData)
      incoming.off('aborted', onAborted)
      incoming.off('error', onAborted)
    }

    parser.on('field', (name, value, info) => {
      if (info.valueTruncated || info.nameTruncated) fail(new AppError('request.too_large'))
      else if (name !== '__proto__') fields[name] = value
    })
    parser.on('file', (_name, stream, info) => {
      // Without a listener an upload that breaks off would end the process.
      stream.on('error', () => undefined)
      files++
      // Whoever takes the last one is done with it only when nothing can be wrong with the form any more.
      const bytes = files === limits.files ? upTo(whole, stream) : stream
      taking = taking.then(() => onFile({ filename: unescaped(info.filename), bytes }))
      taking.catch(fail)
    })
    for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
      parser.on(limit, () =>
        fail(
          new AppError('upload.malformed', {
            detail: limits.files === 1 ? 'One file in a form' : `At most ${limits.files} files in a form`,
          }),
        ),
      )
    }
    parser.on('error', (error) =>
      fail(error instanceof AppError ? error : new AppError('upload.malformed', {}, { cause: error })),
    )
    parser.on('close', () => {
      if (failed) return
      taking.then(() => {
        if (failed) return
        release()
        if (files === 0) reject(new AppError('upload.malformed', { detail: 'There is no file in the form' }))
        else resolve(fields)
      }, fail)
    })
    incoming.on('data', onData)
    incoming.on('aborted', onAborted)
    incoming.on('error', onAborted)
    incoming.pipe(parser)
  })
}

async function* upTo(end: Promise<void>, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source
  await end
}

function openParser(incoming: IncomingMessage, files: number) {
  if (!/^multipart\/form-data\s*;/i.test(incoming.headers['content-type'] ?? '')) {
    throw new AppError('request.unsupported_media_type', { detail: 'The body must be multipart/form-data' })
  }
  try {
    return busboy({
      headers: incoming.headers,
      defParamCharset: 'utf8',
      limits: { files, fields: FIELDS, fieldNameSize: 100, fieldSize: HARD.message_bytes, headerPairs: 20 },
    })
  } catch (error) {
    throw new AppError('upload.malformed', {}, { cause: error })
  }
}

/** What browsers write for the characters that would end the name (HTML, multipart/form-data encoding). */
function unescaped(filename: string | undefined): string | undefined {
  return filename?.replace(/%22/g, '"').replace(/%0D/g, '\r').replace(/%0A/g, '\n')
}
