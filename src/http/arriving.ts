// Bodies that are files, as they arrive: read by whoever takes them, not by Hono's validator, which would hold them in memory.
import type { Context } from 'hono'
import { readForm, type TakeFile } from '../media/multipart.js'
import { readBody } from '../media/read-body.js'
import type { Env } from './env.js'

/** A body that is one file. `length`: as the client says it, if it does. */
export function arrivingBytes(c: Context<Env>): { length: number | undefined; bytes: AsyncIterable<Uint8Array> } {
  const length = c.req.header('content-length')
  const bytes = readBody(c.env.incoming, { stall_ms: c.var.media.stallMs })
  return { length: length === undefined ? undefined : Number(length), bytes }
}

/** A form of so many files at most, handed over one after the other; answers its fields. */
export function arrivingForm(c: Context<Env>, files: number, take: TakeFile): Promise<Record<string, string>> {
  return readForm(c.env.incoming, { files, stall_ms: c.var.media.stallMs }, take)
}
