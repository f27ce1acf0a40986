// JSON Schema as plain TypeScript: the cases in which a type could be nearly right.
import { expect, test } from 'vitest'
import type { JsonSchema } from '../../src/contract/json-schemas.js'
import { declare, typeOf } from './plain-types.js'
import { drawRoute, drawTypes } from './sdk-types.js'

const one = (schema: JsonSchema) => typeOf(schema).replace(/\s+/g, ' ')
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

test.each<[string, JsonSchema, string]>([
  ['a name', { ...ref('Id'), description: 'beside it', default: 'x' }, 'Id'],
  ['a constant', { type: 'boolean', const: true }, 'true'],
  ['several constants', { type: 'string', enum: ['a', "it's", 'b\\c'] }, "'a' | 'it\\'s' | 'b\\\\c'"],
  ['a boolean in a query', { type: 'boolean', enum: ['true', 'false'] }, 'boolean'],
  ['null or a number', { type: ['integer', 'null'] }, 'number | null'],
  ['null or a name', { anyOf: [ref('Time'), { type: 'null' }] }, 'Time | null'],
  ['what comes twice', { anyOf: [{ type: 'integer' }, { type: 'number' }] }, 'number'],
  ['a list of one of two', { type: 'array', items: { anyOf: [ref('A'), ref('B')] } }, '(A | B)[]'],
  ['a list of lists', { type: 'array', items: { type: 'array', items: { type: 'string' } } }, 'string[][]'],
  [
    'a list of objects in which something may be null',
    { type: 'array', items: { type: 'object', properties: { a: { type: ['string', 'null'] } }, required: ['a'] } },
    '{ a: string | null }[]',
  ],
  [
    'a list of one of two objects',
    {
      type: 'array',
      items: {
        oneOf: [
          { type: 'object', properties: { a: { const: 1 } } },
          { type: 'object', properties: { a: { const: 2 } } },
        ],
      },
    },
    '({ a?: 1 } | { a?: 2 })[]',
  ],
  ['a list of anything', { type: 'array' }, 'unknown[]'],
  ['anything', { description: 'whatever' }, 'unknown'],
  ['bytes', { type: 'string', format: 'binary' }, 'Blob'],
  ['a record', { type: 'object', additionalProperties: { type: 'integer' } }, 'Record<string, number>'],
  ['a record of anything', { type: 'object', additionalProperties: {} }, 'Record<string, unknown>'],
  [
    'an object that must be empty',
    { type: 'object', properties: {}, additionalProperties: false },
    'Record<string, never>',
  ],
  [
    'fields, and any others',
    { type: 'object', properties: { kid: { type: 'string' } }, required: ['kid'], additionalProperties: {} },
    '{ kid: string [name: string]: unknown }',
  ],
  ['a field of an odd name', { type: 'object', properties: { 'a.b': { type: 'null' } } }, "{ 'a.b'?: null }"],
])('%s', (_, schema, type) => {
  expect(one(schema)).toBe(type)
})

test.each([{ allOf: [] }, { not: {} }, { type: 'array', prefixItems: [] }, { type: 'date' }])(
  'what it does not understand it refuses: %o',
  (schema) => {
    expect(() => typeOf(schema as JsonSchema)).toThrow(/cannot be said/)
  },
)

test('what is said of a schema is said of its type, and cannot end the comment', () => {
  const schema = { type: 'object', description: 'a */ b\n  c', properties: { d: { type: 'string', description: 'e' } } }
  expect(declare('A', schema)).toBe('/** a *\\/ b c */\nexport interface A {\n  /** e */\n  d?: string\n}\n')
  expect(declare('B', { type: 'object', additionalProperties: {} })).toBe('export type B = Record<string, unknown>\n')
})

test('a route asks for a query only where something in it is required, and answers by its successes', () => {
  const schema = { type: 'string' }
  const query = (required: boolean) => ({ name: 'q', in: 'query', required, schema })
  const drawn = (more: object) => drawRoute('GET /x', { responses: { 204: {}, 404: {} }, ...more }).replace(/\s+/g, ' ')
  expect(drawn({})).toBe(" 'GET /x': { answer: void } ")
  expect(drawn({ parameters: [query(false)] })).toContain('query?: { q?: string }')
  expect(drawn({ parameters: [query(true)] })).toContain('query: { q: string }')
  const json = { content: { 'application/json': { schema: ref('A') } } }
  expect(drawn({ responses: { 200: json, 201: json, 304: {}, 422: json } })).toContain('answer: A }')
  expect(drawn({ responses: { 200: { content: { '*/*': { schema } } }, 206: {} } })).toContain(
    'answer: Response | void',
  )
  const form = { 'multipart/form-data': { schema: { type: 'object' } } }
  expect(drawn({ requestBody: { content: { ...json.content, ...form } } })).toContain('body: A | FormData')
})

test('an event that the document does not have is not passed over', () => {
  const nothing = { components: { schemas: {}, messages: {} } }
  expect(() => drawTypes(nothing, nothing)).toThrow(/is not in the AsyncAPI document/)
})
