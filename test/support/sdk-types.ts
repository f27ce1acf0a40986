// What the SDK knows of the server: the schemas of the documents and the routes, as plain TypeScript.
import { COMMANDS } from '../../src/contract/commands.js'
import { ERRORS } from '../../src/contract/errors.js'
import { EVENTS } from '../../src/contract/events.js'
import { IdList } from '../../src/contract/fields.js'
import { type JsonSchema, mergeComponents } from '../../src/contract/json-schemas.js'
import { SIGNALS } from '../../src/contract/signals.js'
import { comment, declare, field, typeOf, union } from './plain-types.js'

type Components = Record<string, JsonSchema>
type Media = { schema?: JsonSchema }
type Parameter = { name: string; in: string; required: boolean; description?: string; schema: JsonSchema }
export type Operation = {
  summary?: string
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}
type OpenApi = { paths: Record<string, Record<string, object>>; components: { schemas: Components } }
type AsyncApi = { components: { messages: Record<string, object>; schemas: Components } }
type Message = { summary: string; payload: JsonSchema }

const BASE = '/api/v1'
const NOTE = '// Written by `npm run generate`, of the schemas of src/contract.\n'

/** src/sdk/types.ts */
export function drawTypes(openApi: object, asyncApi: object): string {
  const rest = openApi as OpenApi
  const socket = asyncApi as AsyncApi
  const messages = socket.components.messages as Record<string, Message>
  const named = Object.entries(mergeComponents(rest.components.schemas, socket.components.schemas))
  const maps = [
    dataMap('Events', 'The `data` of each durable event.', Object.keys(EVENTS), '', messages),
    dataMap('Signals', 'The `data` of each signal.', Object.keys(SIGNALS), '', messages),
    dataMap('Commands', 'The `data` of each command.', Object.keys(COMMANDS), 'command.', messages),
    dataMap('CommandResults', 'The `data` of the reply to each command.', Object.keys(COMMANDS), 'reply.', messages),
  ]
  const errors = { description: 'What an error says it is: docs/errors.md.', enum: Object.keys(ERRORS) }
  return [NOTE, ...named.map(([name, schema]) => declare(name, schema)), declare('ErrorCode', errors), ...maps].join(
    '\n',
  )
}

/** src/sdk/routes.ts: of those below /api/v1 that speak JSON, forms and files. */
export function drawRoutes(openApi: object): string {
  const { paths, components } = openApi as OpenApi
  const routes = Object.entries(paths)
    .filter(([path]) => path.startsWith(`${BASE}/`))
    .flatMap(([path, operations]) =>
      Object.entries(operations as Record<string, Operation>).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path.slice(BASE.length)}`,
        operation,
      })),
    )
    // What is said in headers is a protocol of its own (tus), with clients of its own.
    .filter(({ operation: { parameters = [] } }) => parameters.every((one) => one.in !== 'header'))
  const drawn = routes.map(({ name, operation }) => drawRoute(name, operation)).join('')
  const open = routes.filter(({ operation }) => operation.security?.length === 0).map(({ name }) => `  | '${name}'\n`)
  const code = drawn.replace(/\/\*\*.*?\*\//g, '')
  const imports = Object.keys(components.schemas).filter((name) => new RegExp(`\\b${name}\\b`).test(code))
  return `${NOTE}import type {\n${imports.map((name) => `  ${name},\n`).join('')}} from './types.js'

/** Each route by its method and its path below ${BASE}: what it takes, and what it answers. */
export interface Routes {\n${drawn}}

/** Those that need no access token. */
export type OpenRoute =\n${open.join('')}`
}

export function drawRoute(name: string, operation: Operation): string {
  const inner = '    '
  const path = place(operation, 'path')
  const query = place(operation, 'query')
  const body = union(Object.entries(operation.requestBody?.content ?? {}).map(([type, media]) => bodyType(type, media)))
  const fields = [
    path && field('path', path.type, true, inner),
    query && field('query', query.type, query.isRequired, inner),
    body && field('body', body, true, inner),
    field('answer', answerType(operation), true, inner),
  ]
  return `${comment(operation.summary, '  ')}  '${name}': {\n${fields.filter(Boolean).join('')}  }\n`
}

function place({ parameters = [] }: Operation, where: string): { type: string; isRequired: boolean } | undefined {
  const here = parameters.filter((one) => one.in === where)
  if (here.length === 0) return undefined
  const indent = '      '
  const fields = here.map(({ name, schema, required, description }) =>
    // Several ids go as one text; whoever asks has a list.
    field(
      name,
      description === IdList.description ? 'Id[]' : typeOf(schema, indent),
      required,
      indent,
      where === 'path' ? undefined : description,
    ),
  )
  return { type: `{\n${fields.join('')}    }`, isRequired: here.some(({ required }) => required) }
}

function bodyType(type: string, { schema = {} }: Media): string {
  return type === 'multipart/form-data' ? 'FormData' : typeOf(schema, '    ')
}

/** What is not JSON is read by the caller: as a stream, a Blob, or not at all. */
function answerType({ responses }: Operation): string {
  const types = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([, { content = {} }]) => {
      const media = Object.entries(content)
      if (media.length === 0) return ['void']
      return media.map(([type, { schema = {} }]) => (type.endsWith('json') ? typeOf(schema, '    ') : 'Response'))
    })
  return union(types)
}

function dataMap(
  name: string,
  description: string,
  keys: string[],
  prefix: string,
  messages: Record<string, Message>,
): string {
  const fields = keys.map((key) => {
    const message = messages[prefix + key]
    const data = message?.payload.properties?.data
    if (!message || !data) throw new Error(`${prefix}${key} is not in the AsyncAPI document`)
    const isRequired = message.payload.required?.includes('data')
    const type = typeOf(data, '  ')
    const summary = prefix ? data.description : message.summary
    return field(key, isRequired ? type : `${type} | undefined`, true, '  ', summary)
  })
  return `${comment(description)}export interface ${name} {\n${fields.join('')}}\n`
}
