// Whether the check that every other test relies on would find anything.
import { expect, test } from 'vitest'
import { asyncApi, checkAnswer, checkFrame, type HeardFrame, openApi, type Seen } from './conformance.js'

type Media = { example: Record<string, unknown> }
const found = openApi.paths['/api/v1/users/me'] as unknown as {
  get: { responses: { 200: { content: { 'application/json': Media } } } }
}
const me = found.get.responses[200].content['application/json'].example
const refused = openApi.components.examples['auth.token_expired']?.value

const json = new Headers({ 'content-type': 'application/json; charset=UTF-8' })
const problem = new Headers({ 'content-type': 'application/problem+json' })
const seen = (more: Partial<Seen>): Seen => ({
  method: 'GET',
  path: '/api/v1/users/me',
  status: 200,
  headers: json,
  body: me,
  ...more,
})

test('an answer as documented passes', () => {
  expect(() => checkAnswer(seen({}))).not.toThrow()
  expect(() => checkAnswer(seen({ path: '/api/v1/users/me?a=b' }))).not.toThrow()
  expect(() => checkAnswer(seen({ status: 401, headers: problem, body: refused }))).not.toThrow()
  const deleted = seen({ method: 'DELETE', status: 204, headers: new Headers(), body: undefined })
  expect(() => checkAnswer(deleted)).not.toThrow()
})

test.each<[string, Partial<Seen>]>([
  ['a field that is missing', { body: { ...me, username: undefined } }],
  ['a field that is not known', { body: { ...me, password_hash: 'x' } }],
  ['a field of another type', { body: { ...me, deleted: 'no' } }],
  ['a null that is not documented', { body: { ...me, bio: null } }],
  ['an id that is none', { body: { ...me, id: '7' } }],
  ['a time that is none', { body: { ...me, created_at: 'yesterday' } }],
  ['no body', { body: undefined }],
  ['another status', { status: 202 }],
  ['a refusal that is not documented for the route', { status: 404, headers: problem, body: refused }],
  ['another type', { headers: new Headers({ 'content-type': 'text/html' }) }],
  ['a body where there is none', { method: 'DELETE', status: 204 }],
  ['a code of another status', { status: 401, headers: problem, body: { ...refused, code: 'internal' } }],
  ['a problem with a stack', { status: 401, headers: problem, body: { ...refused, stack: 'at' } }],
  [
    'no word of when to come back',
    { path: '/api/v1/users', status: 429, headers: problem, body: openApi.components.examples.rate_limited?.value },
  ],
  ['a route that is not there', { path: '/api/v1/secrets' }],
])('an answer with %s is found', (_, more) => {
  expect(() => checkAnswer(seen(more))).toThrow('not documented')
})

const example = (name: keyof typeof asyncApi.components.messages) =>
  // biome-ignore lint/suspicious/noExplicitAny: any frame
  (asyncApi.components.messages[name] as unknown as { examples: { payload: any }[] }).examples[0]?.payload
const sent = example('message.created')
const reply = example('reply.message.send')
const refusal = example('reply.failed')

test('a frame as documented passes', () => {
  expect(() => checkFrame(sent)).not.toThrow()
  expect(() => checkFrame(reply, 'message.send')).not.toThrow()
  expect(() => checkFrame(reply)).not.toThrow()
  expect(() => checkFrame(refusal, 'ping')).not.toThrow()
})

test.each<[string, HeardFrame, string?]>([
  ['a type that is not known', { ...sent, type: 'message.whispered' }],
  ['no type', {}],
  ['a field too many', { ...sent, id: 7 }],
  ['no seq', { ...sent, seq: undefined }],
  ['data of another event', { ...sent, type: 'member.added' }],
  ['a field too many in its data', { ...sent, data: { ...sent.data, secret: 1 } }],
  ['the result of another command', reply, 'ping'],
  ['a code that no error has', { ...example('error'), error: { code: 'oops', detail: 'x' } }],
  ['a failure that is not told why', { type: 'reply', ok: false, id: 'c1' } as HeardFrame],
  ['the result of no command', { ...reply, data: 7 }],
])('a frame with %s is found', (_, frame, command) => {
  expect(() => checkFrame(frame, command)).toThrow('not documented')
})
