// The AsyncAPI document tells everything that is said over a socket.
import { expect, test } from 'vitest'
import { CLOSE_CODES, shouldReconnect } from '../../src/contract/close-codes.js'
import { COMMANDS, type CommandType } from '../../src/contract/commands.js'
import { CONVERSATION_EVENTS, EVENTS } from '../../src/contract/events.js'
import { asyncApi, checkFrame } from '../support/conformance.js'

type Message = {
  name: string
  summary: string
  payload: { properties: Record<string, { const?: unknown }> }
  examples: { payload: unknown }[]
}
type Operation = {
  action: string
  channel: { $ref: string }
  messages: { $ref: string }[]
  reply?: { messages: { $ref: string }[] }
}

const messages = asyncApi.components.messages as unknown as Record<string, Message>
const operations = asyncApi.operations as unknown as Record<string, Operation>
const socket = asyncApi.channels.socket
const fromClient = Object.entries(messages).filter(([name]) => name.startsWith('command.'))
const fromServer = Object.entries(messages).filter(([name]) => !name.startsWith('command.'))

test('each command is there with its replies', () => {
  for (const type of Object.keys(COMMANDS)) {
    expect(operations[type]).toMatchObject({
      action: 'receive',
      messages: [{ $ref: `#/channels/socket/messages/command.${type}` }],
      reply: {
        messages: [
          { $ref: `#/channels/socket/messages/reply.${type}` },
          { $ref: '#/channels/socket/messages/reply.failed' },
        ],
      },
    })
    expect(messages[`command.${type}`]?.payload.properties.type?.const).toBe(type)
    expect(messages[`reply.${type}`]?.payload.properties.ok?.const).toBe(true)
  }
  expect(fromClient.map(([name]) => name)).toEqual(Object.keys(COMMANDS).map((type) => `command.${type}`))
})

test('each durable event is there, with its stream and its seq', () => {
  for (const type of Object.keys(EVENTS)) {
    expect(messages[type]?.payload).toMatchObject({
      properties: { type: { const: type }, seq: { type: 'integer' } },
      required: ['type', 'stream', 'seq', 'at', 'data'],
    })
    expect(operations.events?.messages).toContainEqual({ $ref: `#/channels/socket/messages/${type}` })
  }
  expect(Object.keys(EVENTS).length).toBeGreaterThan(Object.keys(CONVERSATION_EVENTS).length)
})

test('so are the frames of the connection itself', () => {
  for (const type of ['hello', 'resync', 'error'])
    expect(operations.events?.messages).toContainEqual({ $ref: `#/channels/socket/messages/${type}` })
})

test('each close code is there, with what a client does', () => {
  const rows = Object.entries(CLOSE_CODES).map(([name, { code, reason }]) => ({
    code,
    name,
    reason,
    reconnect: code >= 4000 && code < 4500,
  }))
  expect(socket['x-close-codes']).toEqual(rows)
  for (const { code } of rows) expect(socket.description).toContain(`| ${code} |`)
})

test('a client comes back, but not after 1000 and its own faults', () => {
  const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4499, 4500, 4999]
  expect(codes.filter(shouldReconnect)).toEqual([1001, 1005, 1006, 1011, 1012, 1013, 3000, 4499])
})

test('the token, or a ticket instead of it, is a parameter of the address', () => {
  expect(socket.address).toBe('/ws')
  expect(socket.bindings.ws.query).toMatchObject({
    properties: { token: { type: 'string' }, ticket: { type: 'string' } },
  })
  expect(socket.bindings.ws.query).not.toHaveProperty('required')
})

test('every frame has an example that could be heard', () => {
  for (const [name, { summary, examples }] of fromServer) {
    const [example] = examples
    expect(summary).toMatch(/^\S/)
    expect(() => checkFrame(example?.payload as object, name.replace(/^reply\./, ''))).not.toThrow()
  }
})

test('every command has an example that the server understands', () => {
  for (const [name, { examples }] of fromClient) {
    const { data, ...frame } = examples[0]!.payload as { id: string; type: CommandType; data: unknown }
    expect(COMMANDS[frame.type].safeParse(data), name).toMatchObject({ success: true })
  }
})

test('every reference leads somewhere', () => {
  const text = JSON.stringify(asyncApi)
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    let value: unknown = asyncApi
    for (const part of pointer.split('/')) value = (value as Record<string, unknown>)[part]
    expect(value, pointer).toBeTypeOf('object')
  }
  expect(asyncApi.asyncapi).toBe('3.0.0')
  for (const { action, channel } of Object.values(operations)) {
    expect(['send', 'receive']).toContain(action)
    expect(channel).toEqual({ $ref: '#/channels/socket' })
  }
})
