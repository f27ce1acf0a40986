// Forms with files, in the words of OpenAPI. Their bodies are read by media/multipart.ts, not by Hono's validator, which
// would hold whole files in memory.
import { z } from '@hono/zod-openapi'
import { AppError, type ErrorCode } from '../contract/errors.js'
import { describeIssues } from '../contract/issues.js'

/** Whatever takes a file may refuse it for these. */
export const UPLOAD_PROBLEMS = [
  'upload.malformed',
  'upload.stalled',
  'upload.too_many',
  'upload.not_found',
  'upload.mismatch',
  'request.too_large',
  'request.unsupported_media_type',
  'attachment.too_large',
  'attachment.quota_exceeded',
  'attachment.type_not_allowed',
  'attachment.not_allowed_here',
  'attachment.unreadable',
  'attachment.too_many_pixels',
  'attachment.metadata_stays',
  'overloaded',
] as const satisfies ErrorCode[]

const FILE = { type: 'string' as const, format: 'binary' }

/** The body of a route: `files` parts named `file`, and fields beside them. */
export function form({ files, fields = z.strictObject({}) }: { files: number; fields?: z.ZodObject }) {
  const { properties = {} } = z.toJSONSchema(fields, { io: 'input', unrepresentable: 'any' })
  const file = files === 1 ? FILE : { type: 'array' as const, items: FILE, minItems: 1, maxItems: files }
  const schema = { type: 'object' as const, required: ['file'], properties: { file, ...properties } }
  return { required: true, content: { 'multipart/form-data': { schema } } }
}

/** @throws AppError request.invalid */
export function fieldsOf<T extends z.ZodType>(schema: T, fields: Record<string, string>): z.infer<T> {
  const parsed = schema.safeParse(fields)
  if (!parsed.success) throw new AppError('request.invalid', { errors: describeIssues(parsed.error.issues) })
  return parsed.data
}
