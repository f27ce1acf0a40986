// The small schemas that the nouns share.
import { z } from 'zod'
import { isCleanJson, isCleanText } from '../kit/text.js'
import { HARD } from './limits.js'

/** In the one spelling that PostgreSQL gives back, so that ids can be compared as text. */
export const Id = z.uuid().toLowerCase().describe('UUIDv7 of the server')
export const ClientId = z.uuid().toLowerCase().describe('UUID chosen by the client; unique for ever for each sender')
/** A time that a client names, in any offset; beyond the year 9999 it could not be written any more. */
export const Moment = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) < Date.UTC(10_000, 0), 'must be before the year 10000')
  .meta({ examples: ['2099-01-31T12:00:00.000Z'] })
export const Time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds' })

/** Text that the database can keep and every client can read back. */
export const Text = z.string().refine(isCleanText, 'must not hold NUL or half of a surrogate pair')

export const Name = (max: number, min = 1) =>
  Text.min(min)
    .max(max)
    .refine((text) => text.trim().length >= min, 'must not be blank')

export const Filename = Text.min(1).max(HARD.filename)
export const MimeType = z
  .string()
  .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/i, 'must be a type like image/jpeg')
  .max(100)
/** Of one file: as much as a number can say. */
export const FileSize = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

/** JSON of the client's own; the server keeps it and does not look into it. */
export const Metadata = z
  .record(z.string(), z.unknown())
  // Each value is a byte at least.
  .refine((value) => isCleanJson(value, HARD.metadata_depth, HARD.metadata_bytes), {
    message: `must nest at most ${HARD.metadata_depth} levels of clean text, in at most ${HARD.metadata_bytes} bytes`,
    // Its size is measured by a walk without a bound of its own.
    abort: true,
  })
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= HARD.metadata_bytes,
    `must be at most ${HARD.metadata_bytes} bytes`,
  )

/** A number in a query, in digits: a lax conversion would read an empty value as 0. */
export const Digits = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max })

/** Several ids in a query. */
export const IdList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(Id).min(1).max(HARD.ids))
  .describe(`Up to ${HARD.ids} ids, separated by commas`)

export const Limit = Digits(1, HARD.page).default(HARD.page_default).describe(`${HARD.page_default} without it`)
export const Cursor = z.string().max(200).describe('Opaque: the next_cursor of the page before')

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable(), has_more: z.boolean() })
export type Page<T> = { data: T[]; next_cursor: string | null; has_more: boolean }

export const IdParam = z.object({ id: Id })
