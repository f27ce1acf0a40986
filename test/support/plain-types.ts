// JSON Schema as plain TypeScript, for clients that know nothing of zod.
import type { JsonSchema } from '../../src/contract/json-schemas.js'

/** What would have to be guessed is refused instead: a type that is nearly right misleads. */
const UNKNOWN_WORDS = ['allOf', 'not', 'if', 'prefixItems', 'patternProperties', 'propertyNames', 'dependentRequired']

/** Of one schema, as it stands behind a colon. @throws Error for a keyword that is not understood */
export function typeOf(schema: JsonSchema, indent = ''): string {
  const word = UNKNOWN_WORDS.find((one) => one in schema)
  if (word) throw new Error(`${word} is a keyword that cannot be said in TypeScript yet`)
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.const !== undefined) return literal(schema.const)
  // A boolean of a query has both of its spellings as `enum`.
  if (schema.type === 'boolean') return 'boolean'
  if (schema.enum) return union(schema.enum.map(literal))
  const options = schema.anyOf ?? schema.oneOf
  if (options) return union(options.map((option) => typeOf(option, indent)))
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, indent)))
  switch (schema.type) {
    case undefined:
      return 'unknown'
    case 'null':
      return 'null'
    case 'string':
      // Bytes alone would not say what they are.
      return schema.format === 'binary' ? 'Blob' : 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return arrayOf(typeOf(schema.items ?? {}, indent))
    case 'object':
      return objectOf(schema, indent)
    default:
      throw new Error(`${schema.type} is a type that cannot be said in TypeScript`)
  }
}

/** `export type Name = ...`, with what is said of it; an interface where it has fields, for it reads better in errors. */
export function declare(name: string, schema: JsonSchema): string {
  const isFields = schema.type === 'object' && schema.properties !== undefined && hasFields(schema)
  const start = isFields ? `export interface ${name} ` : `export type ${name} = `
  return `${comment(schema.description)}${start}${typeOf(schema)}\n`
}

/** A comment of its own line, or nothing. */
export function comment(text: string | undefined, indent = ''): string {
  return text ? `${indent}/** ${text.replaceAll('*/', '*\\/').replace(/\s*\n\s*/g, ' ')} */\n` : ''
}

/** One field of an interface or an object. */
export function field(name: string, type: string, isRequired: boolean, indent: string, description?: string): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
  return `${comment(description, indent)}${indent}${key}${isRequired ? '' : '?'}: ${type}\n`
}

export function union(types: string[]): string {
  return [...new Set(types)].join(' | ')
}

function objectOf(schema: JsonSchema, indent: string): string {
  const more = schema.additionalProperties
  if (!hasFields(schema)) {
    if (more === false) return 'Record<string, never>'
    return `Record<string, ${typeof more === 'object' ? typeOf(more, indent) : 'unknown'}>`
  }
  const inner = `${indent}  `
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    field(name, typeOf(property, inner), schema.required?.includes(name) ?? false, inner, property.description),
  )
  // An index signature has to hold for the fields as well.
  const rest = typeof more === 'object' ? [`${inner}[name: string]: unknown\n`] : []
  return `{\n${[...fields, ...rest].join('')}${indent}}`
}

function hasFields(schema: JsonSchema): boolean {
  return Object.keys(schema.properties ?? {}).length > 0
}

function arrayOf(type: string): string {
  return isUnion(type) ? `(${type})[]` : `${type}[]`
}

/** Whether a bar stands outside of all brackets. */
function isUnion(type: string): boolean {
  let depth = 0
  return [...type.replace(/\/\*\*.*?\*\/|'[^']*'/g, '')].some((one) => {
    if ('{[<('.includes(one)) depth += 1
    if ('}]>)'.includes(one)) depth -= 1
    return one === '|' && depth === 0
  })
}

function literal(value: unknown): string {
  return typeof value === 'string'
    ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    : JSON.stringify(value)
}
