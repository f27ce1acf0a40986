// Examples for the documents, composed of examples of the fields: a new route or event needs none of its own. A field whose
// example has to be a special one says so in its schema (`.meta({ examples })`) or by its name here.
import { type JsonSchema, resolve } from './json-schemas.js'

type Components = Record<string, JsonSchema>

/** By the name of the field, where the schema allows the value. */
const BY_NAME: Record<string, unknown> = {
  username: 'alice',
  email: 'alice@example.com',
  login: 'alice',
  display_name: 'Alice',
  bio: 'Likes long walks',
  status_text: 'In a meeting',
  name: 'Climbing',
  description: 'Who climbs when and where',
  content: 'Hello, Bob!',
  excerpt: 'Hello, Alice!',
  password: 'correct horse',
  role: 'moderator',
  nickname: 'Al',
  alias: 'Work',
  access_token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk3YTAwMCJ9.c2lnbmF0dXJl',
  refresh_token: 'esr_0197a000.c2VjcmV0',
  expires_in: 900,
  user_agent: 'Mozilla/5.0',
  ip: '192.0.2.1',
  version: '0.1.0',
  kty: 'EC',
  query: 'ali',
  ids: '0197a000-0000-7000-8000-000000000000',
  code: 'conversation.not_found',
  title: 'There is no such conversation',
  deleted: false,
  has_more: false,
  is_public: false,
  // What most messages and conversations do not have.
  edited_at: null,
  deleted_at: null,
  deleted_by: null,
  reply_to: null,
  system: null,
  client_id: null,
  next_cursor: null,
}
const BY_FORMAT: Record<string, unknown> = {
  uuid: '0197a000-0000-7000-8000-000000000000',
  email: 'alice@example.com',
  'date-time': '2026-01-31T12:00:00.000Z',
  uri: 'https://example.com/',
}
const DEEPEST = 8

/** Optional fields are shown too, unless that would go too deep. */
export function exampleOf(given: JsonSchema, components: Components, name = '', depth = 0): unknown {
  const schema = resolve(given, components)
  if (schema.examples?.[0] !== undefined) return schema.examples[0]
  if (schema.const !== undefined) return schema.const
  const options = schema.anyOf ?? schema.oneOf ?? []
  const named = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined
  if (named !== undefined && [schema, ...options].some((option) => allows(resolve(option, components), named)))
    return named
  if (schema.enum) return schema.enum[0]
  if (schema.default !== undefined) return schema.default
  const option = options.find((one) => !allows(resolve(one, components), null)) ?? options[0]
  if (option) return exampleOf(option, components, name, depth)
  return ofType(schema, components, name, depth)
}

function ofType(schema: JsonSchema, components: Components, name: string, depth: number): unknown {
  switch (typesOf(schema)[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([field]) => depth < DEEPEST || schema.required?.includes(field))
          .map(([field, property]) => [field, exampleOf(property, components, field, depth + 1)]),
      )
    case 'array':
      return depth < DEEPEST || schema.minItems ? [exampleOf(schema.items ?? {}, components, name, depth + 1)] : []
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1)
    case 'boolean':
      return true
    case 'string':
      return schema.format ? BY_FORMAT[schema.format] : 'text'.padEnd(schema.minLength ?? 0, '.')
    default:
      return typesOf(schema)[0] === 'null' ? null : {}
  }
}

function allows(schema: JsonSchema, value: unknown): boolean {
  if (schema.enum) return schema.enum.includes(value)
  if (schema.const !== undefined) return schema.const === value
  if (schema.format && schema.format !== 'date-time') return value === null && typesOf(schema).includes('null')
  const type = value === null ? 'null' : typeof value
  return typesOf(schema).some((one) => one === type || (one === 'integer' && Number.isInteger(value)))
}

function typesOf(schema: JsonSchema): string[] {
  return [schema.type ?? []].flat()
}
