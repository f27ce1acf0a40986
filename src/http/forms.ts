// Forms with files, in the words of OpenAPI, and their fields. Their bodies are read as they arrive (arriving.ts).
import { z } from '@hono/zod-openapi'
import { AppError } from '../contract/errors.js'
import { describeIssues } from '../contract/issues.js'
import { BINARY } from './route.js'

/** The body of a route: `files` parts named `file`, and fields beside them. */
export function form({ files, fields = z.strictObject({}) }: { files: number; fields?: z.ZodObject }) {
  const { properties = {} } = z.toJSONSchema(fields, { io: 'input', unrepresentable: 'any' })
  const file = files === 1 ? BINARY : { type: 'array' as const, items: BINARY, minItems: 1, maxItems: files }
  const schema = { type: 'object' as const, required: ['file'], properties: { file, ...properties } }
  return { required: true, content: { 'multipart/form-data': { schema } } }
}

/** @throws AppError request.invalid */
export function fieldsOf<T extends z.ZodType>(schema: T, fields: Record<string, string>): z.infer<T> {
  const parsed = schema.safeParse(fields)
  if (!parsed.success) throw new AppError('request.invalid', { errors: describeIssues(parsed.error.issues) })
  return parsed.data
}
