// The schemas of the contract as JSON Schema, for the documents. A schema that a file of the contract exports is named after
// its export and is written once; everything else stands where it is used.
import { z } from 'zod'
import * as accounts from './accounts.js'
import * as attachments from './attachments.js'
import * as avatars from './avatars.js'
import * as bans from './bans.js'
import * as blocks from './blocks.js'
import * as conversations from './conversations.js'
import * as demo from './demo.js'
import * as events from './events.js'
import * as fields from './fields.js'
import * as members from './members.js'
import * as memberships from './memberships.js'
import * as messages from './messages.js'
import * as operations from './operations.js'
import * as presence from './presence.js'
import * as problems from './problems.js'
import * as receipts from './receipts.js'
import * as sessions from './sessions.js'
import * as settings from './settings.js'
import * as signals from './signals.js'
import * as stats from './stats.js'
import * as sync from './sync.js'
import * as systemMessages from './system-messages.js'
import * as typing from './typing.js'
import * as uploads from './uploads.js'
import * as users from './users.js'

/** A new file of the contract gets its line here. */
export const FILES: Record<string, object> = {
  accounts,
  attachments,
  avatars,
  bans,
  blocks,
  conversations,
  demo,
  events,
  fields,
  members,
  memberships,
  messages,
  operations,
  presence,
  problems,
  receipts,
  sessions,
  settings,
  signals,
  stats,
  sync,
  'system-messages': systemMessages,
  typing,
  uploads,
  users,
}
/** Of no use to a reader: just a string. */
const NAMELESS: z.ZodType[] = [fields.Text, fields.IdList]

export type JsonSchema = {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  description?: string
  format?: string
  minimum?: number
  minLength?: number
  minItems?: number
  [keyword: string]: unknown
}

export type Described = {
  /** Of each schema that was asked for, by its key. */
  schemas: Record<string, JsonSchema>
  /** The named ones that these lead to. */
  components: Record<string, JsonSchema>
}

const PREFIX = '#/components/schemas/'

/** @param side what a client sends, before defaults are filled in, or what the server sends */
export function describeSchemas(wanted: Record<string, z.ZodType>, side: 'input' | 'output'): Described {
  const registry = z.registry<{ id: string }>()
  const names = nameSchemas()
  for (const [schema, id] of names) registry.add(schema, { id })
  // Under a key that no export can have.
  for (const [key, schema] of Object.entries(wanted)) if (!names.has(schema)) registry.add(schema, { id: `~${key}` })
  const { schemas } = z.toJSONSchema(registry, { io: side, uri: (id) => PREFIX + id, override })
  const described = schemas as unknown as Record<string, JsonSchema>
  for (const schema of Object.values(described)) {
    delete schema.$schema
    delete schema.$id
  }
  const found: Record<string, JsonSchema> = {}
  for (const [key, schema] of Object.entries(wanted)) {
    const name = names.get(schema)
    found[key] = name ? { $ref: PREFIX + name } : (described[registry.get(schema)?.id ?? ''] ?? {})
  }
  return { schemas: found, components: onlyReached(found, described) }
}

/** Those schemas that something refers to, also by way of others. */
export function onlyReached(from: unknown, schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const used = reach(from, schemas)
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)))
}

/** What a `$ref` stands for; keywords beside it are kept. */
export function resolve(schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema {
  if (schema.$ref === undefined) return schema
  const { $ref, ...beside } = schema
  return { ...resolve(components[$ref.slice(PREFIX.length)] ?? {}, components), ...beside }
}

/** Of what clients send and what they get. @throws Error for a name that means something else on each side */
export function mergeComponents(...sides: Record<string, JsonSchema>[]): Record<string, JsonSchema> {
  const all: Record<string, JsonSchema> = {}
  for (const [name, schema] of sides.flatMap((side) => Object.entries(side))) {
    if (all[name] && JSON.stringify(all[name]) !== JSON.stringify(schema)) {
      throw new Error(`${name} has another form in requests than in answers: export a schema for each`)
    }
    all[name] = schema
  }
  return Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function nameSchemas(): Map<z.ZodType, string> {
  const names = new Map<z.ZodType, string>()
  const taken = new Map<string, z.ZodType>()
  for (const [name, value] of Object.values(FILES).flatMap((file) => Object.entries(file))) {
    if (!(value instanceof z.ZodType) || NAMELESS.includes(value)) continue
    if (taken.has(name) && taken.get(name) !== value) throw new Error(`Two schemas of the contract are named ${name}`)
    taken.set(name, value)
    names.set(value, name)
  }
  return names
}

/** What would only be noise. Answers are open: a client has to pass over fields that it does not know. */
function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: z.core.JSONSchema.BaseSchema }) {
  const { def } = zodSchema._zod
  if (def.type === 'object' && (def as z.core.$ZodObjectDef).catchall === undefined)
    delete jsonSchema.additionalProperties
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  delete jsonSchema.propertyNames
  if (jsonSchema.format === 'uuid' || jsonSchema.format === 'email' || jsonSchema.type === 'integer')
    delete jsonSchema.pattern
}

function reach(from: unknown, schemas: Record<string, JsonSchema>, found = new Set<string>()): Set<string> {
  if (Array.isArray(from)) for (const item of from) reach(item, schemas, found)
  else if (typeof from === 'object' && from !== null) {
    for (const [key, value] of Object.entries(from)) {
      if (key !== '$ref' || typeof value !== 'string') reach(value, schemas, found)
      else if (!found.has(value.slice(PREFIX.length))) {
        found.add(value.slice(PREFIX.length))
        reach(schemas[value.slice(PREFIX.length)], schemas, found)
      }
    }
  }
  return found
}
