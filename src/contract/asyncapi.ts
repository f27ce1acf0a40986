// The AsyncAPI document of the socket, made of the tables of what is said over it: whoever adds a command or an event to its
// table has documented it.
import { z } from 'zod'
import { VERSION } from '../kit/version.js'
import { CLOSE_CODES, shouldReconnect } from './close-codes.js'
import { COMMANDS, RESULTS } from './commands.js'
import {
  AuthExpiring,
  Checkpoint,
  CONVERSATION_EVENTS,
  EventFrame,
  Failure,
  Fresh,
  Hello,
  Resumed,
  Resync,
  Stale,
  USER_EVENTS,
} from './events.js'
import { exampleOf } from './examples.js'
import { Id } from './fields.js'
import { describeSchemas, type JsonSchema, mergeComponents } from './json-schemas.js'
import { CONVERSATION_SIGNALS, USER_SIGNALS } from './signals.js'
import { SUMMARIES } from './summaries.js'

type Message = { summary: string; payload: z.ZodType }
const said = (summary: string, payload: z.ZodType): Message => ({ summary, payload })

const CommandId = z.string().min(1).max(64).describe('Comes back in the reply')

const FROM_CLIENT: Record<string, Message> = mapEntries(COMMANDS, (type, data) =>
  said(`Answered by reply.${type}`, z.strictObject({ id: CommandId, type: z.literal(type), data })),
)

const FROM_SERVER: Record<string, Message> = {
  hello: said('First on every socket', z.object({ type: z.literal('hello'), data: Hello })),
  resumed: said('All that was missed has been said', z.object({ type: z.literal('resumed'), data: Resumed })),
  resync: said('Load everything afresh', z.object({ type: z.literal('resync'), data: Resync })),
  checkpoint: said(
    'Store this with what was applied so far, and come back with `?resume=`',
    z.object({ type: z.literal('checkpoint'), data: Checkpoint }),
  ),
  'auth.expiring': said(
    'The token ends soon: send auth.renew',
    z.object({ type: z.literal('auth.expiring'), data: AuthExpiring }),
  ),
  stale: said(
    'The server hears nothing just now, and nobody can tell what is missed; the socket stays',
    z.object({ type: z.literal('stale'), data: Stale }),
  ),
  fresh: said('The server hears again, and tells what was missed', z.object({ type: z.literal('fresh'), data: Fresh })),
  error: said('Input without a usable id was refused', z.object({ type: z.literal('error'), error: Failure })),
  'reply.failed': said(
    'A command was refused',
    z.object({ type: z.literal('reply'), id: CommandId, ok: z.literal(false), error: Failure }),
  ),
  ...prefixed(
    'reply.',
    mapEntries(RESULTS, (type, data) =>
      said(`${type} is done`, z.object({ type: z.literal('reply'), id: CommandId, ok: z.literal(true), data })),
    ),
  ),
  ...mapEntries(CONVERSATION_EVENTS, (type, data) => said(SUMMARIES[type], event(type, data))),
  ...mapEntries(USER_EVENTS, (type, data) => said(SUMMARIES[type], event(type, data))),
  ...mapEntries(CONVERSATION_SIGNALS, (type, data) =>
    said(SUMMARIES[type], z.object({ type: z.literal(type), stream: Id, data })),
  ),
  ...mapEntries(USER_SIGNALS, (type, data) => said(SUMMARIES[type], z.object({ type: z.literal(type), data }))),
}

const DESCRIPTION = `One WebSocket, text frames of JSON. REST, which \`/api/v1/openapi.json\` describes, has the same nouns.

A command is \`{id, type, data}\`; its \`reply\` has the same \`id\`. Commands of one socket are done in the order in which they came.

Durable events have \`stream\` (the id of a conversation, or my own for what concerns me alone) and \`seq\`: apply \`seq\` = last + 1 of the stream, drop what is not newer.
A conversation's stream begins with \`conversation.joined\`, and what was heard of it before is in that already.
Connect with \`?resume=\` and the token of the last \`checkpoint\`: what was missed comes first, then \`resumed\`. After \`resync\`, or without a token, load with \`GET /api/v1/sync\`.
A gap in \`seq\` that does not close within half a second is read with \`stream.fetch\`.
After \`stale\` the server itself is behind, until \`fresh\`: show it, and stay; a write may be refused meanwhile.
Signals have no \`seq\`: they may be lost, and what they tell can be read again over REST.
Pass over types and fields that you do not know.`

/** The close codes as the documents tell them. */
export function listCloseCodes() {
  return Object.entries(CLOSE_CODES).map(([name, { code, reason }]) => ({
    code,
    name,
    reason,
    reconnect: shouldReconnect(code),
  }))
}

export function buildAsyncApi() {
  const sent = describeSchemas(payloads(FROM_CLIENT), 'input')
  const told = describeSchemas(payloads(FROM_SERVER), 'output')
  const schemas = mergeComponents(sent.components, told.components)
  const messages = {
    ...prefixed(
      'command.',
      mapEntries(FROM_CLIENT, (name, one) => describe(name, one, sent.schemas, schemas)),
    ),
    ...mapEntries(FROM_SERVER, (name, one) => describe(name, one, told.schemas, schemas)),
  }
  const ref = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` })
  const commands = mapEntries(FROM_CLIENT, (type, { summary }) => ({
    action: 'receive',
    channel: { $ref: '#/channels/socket' },
    summary,
    messages: [ref(`command.${type}`)],
    reply: { channel: { $ref: '#/channels/socket' }, messages: [ref(`reply.${type}`), ref('reply.failed')] },
  }))
  return {
    asyncapi: '3.0.0',
    info: { title: 'Earshot', version: VERSION, description: DESCRIPTION, license: { name: 'MIT' } },
    defaultContentType: 'application/json',
    servers: {
      self: {
        host: '{host}',
        protocol: 'ws',
        description: 'This server; `wss` where REST is `https`',
        variables: { host: { default: 'localhost:3000' } },
      },
    },
    channels: {
      socket: {
        address: '/ws',
        title: 'The socket of one session',
        description: `Closed with a code that says why:\n\n${closeCodeTable()}`,
        messages: mapEntries(messages, (name) => ({ $ref: `#/components/messages/${name}` })),
        bindings: {
          ws: {
            bindingVersion: '0.1.0',
            method: 'GET',
            query: {
              type: 'object',
              properties: {
                token: { type: 'string', description: 'An access token' },
                ticket: {
                  type: 'string',
                  description: 'Instead of the token: from `POST /auth/tickets`, for one socket',
                },
                resume: { type: 'string', description: 'A resume token: what was missed comes first, then `resumed`' },
                batch: { type: 'string', enum: ['1'], description: 'Several frames may come as one JSON array' },
              },
            },
          },
        },
        'x-close-codes': listCloseCodes(),
      },
    },
    operations: {
      ...commands,
      events: {
        action: 'send',
        channel: { $ref: '#/channels/socket' },
        summary: 'What the server says of its own accord',
        messages: Object.keys(FROM_SERVER)
          .filter((name) => !name.startsWith('reply.'))
          .map(ref),
      },
    },
    components: { messages, schemas },
  }
}
export type AsyncApi = ReturnType<typeof buildAsyncApi>

/** From 4000 to 4499 a client connects again, from 4500 it does not. */
export function closeCodeTable(): string {
  const rows = listCloseCodes().map(
    ({ code, name, reason, reconnect }) => `| ${code} | \`${name}\` | ${reason} | ${reconnect ? 'yes' : 'no'} |`,
  )
  return ['| code | name | meaning | connect again |', '|---|---|---|---|', ...rows].join('\n')
}

function event(type: string, data: z.ZodType): z.ZodType {
  return EventFrame.extend({ type: z.literal(type), data })
}

function payloads(messages: Record<string, Message>): Record<string, z.ZodType> {
  return mapEntries(messages, (_, { payload }) => payload)
}

function describe(
  name: string,
  { summary }: Message,
  described: Record<string, JsonSchema>,
  components: Record<string, JsonSchema>,
) {
  const payload = described[name] ?? {}
  return { name, title: name, summary, payload, examples: [{ payload: exampleOf(payload, components) }] }
}

function mapEntries<K extends string, T, U>(table: Record<K, T>, map: (key: K, value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries<T>(table).map(([key, value]) => [key, map(key as K, value)]))
}

function prefixed<T>(prefix: string, table: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [prefix + key, value]))
}
