// Who may do what: every route of the app, asked by everybody. The others are told nothing: what is not yours is not there.
import { expect, test } from 'vitest'
import type { Services } from '../../src/http/env.js'
import { createHttp } from '../../src/http/server.js'
import type { Person } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { outcome, request } from './request.js'

const WHO = ['anonymous', 'outsider', 'removed', 'member', 'owner'] as const
type Who = (typeof WHO)[number]
type People = Record<Exclude<Who, 'anonymous'> | 'bystander', Person>
/** A group of an owner, a member and a bystander, from which somebody was removed, with a message of the member. */
type Scene = { people: People; group: string; message: string }
type Ask = {
  path?: (scene: Scene) => string
  body?: (scene: Scene, who: Who) => unknown
  /** The session or the account that asks ends by it. */
  ends?: true
}

type Row = [route: string, expected: string[], ask?: Ask]

const NO_TOKEN = '401 auth.unauthenticated'
const NO_CONVERSATION = '404 conversation.not_found'
const NO_MESSAGE = '404 message.not_found'
const FORBIDDEN = '403 conversation.forbidden'
const NOT_MINE = '403 message.forbidden'

/** The same for all five; for all who are signed in; or [who has no business there, member, owner]. */
const all = (end: string) => Array<string>(5).fill(end)
const users = (end: string) => [NO_TOKEN, ...Array<string>(4).fill(end)]
const inside = (others: string, member: string, owner = member) => [NO_TOKEN, others, others, member, owner]

const session: Ask = { path: ({ people }) => `/sessions/${people.bystander.sessionId}` }
const oneUser: Ask = { path: ({ people }) => `/users/${people.owner.id}` }
const someUsers: Ask = { path: ({ people }) => `/users?ids=${people.owner.id}` }
const bystander: Ask = { path: ({ people, group }) => `/conversations/${group}/members/${people.bystander.id}` }
const signUp: Ask = { body: () => newcomer() }
const signIn: Ask = { body: ({ people }) => ({ login: people.owner.name, password: PASSWORD }) }
const direct: Ask = { body: ({ people }) => ({ type: 'direct', user_ids: [people.bystander.id] }) }
const add: Ask = { body: ({ people }) => ({ user_ids: [people.outsider.id] }) }
const rename: Ask = { body: (_, who) => ({ name: `of the ${who}` }) }
const text: Ask = { body: (_, who) => ({ content: `of the ${who}` }) }

// Within a row all ask in turn, so that those who are refused cannot have changed what the next one finds.
const TABLE: Row[] = [
  ['GET /health', all('200')],
  ['GET /health/live', all('200')],
  ['GET /health/ready', all('200')],
  ['GET /metrics', all('200')],
  ['GET /.well-known/jwks.json', all('200')],
  ['POST /api/v1/auth/register', all('201'), signUp],
  ['POST /api/v1/auth/login', all('200'), signIn],
  ['POST /api/v1/auth/refresh', all('401 auth.refresh_token_invalid'), { body: () => ({ refresh_token: 'esr_' }) }],
  ['POST /api/v1/auth/logout', users('204'), { ends: true }],
  ['GET /api/v1/auth/verify', users('200')],
  ['GET /api/v1/sessions', users('200')],
  ['DELETE /api/v1/sessions', users('204')],
  ['DELETE /api/v1/sessions/:id', users('404 session.not_found'), session],
  ['GET /api/v1/users', users('200'), someUsers],
  ['GET /api/v1/users/:id', users('200'), oneUser],
  ['GET /api/v1/users/me', users('200')],
  ['PATCH /api/v1/users/me', users('200'), { body: () => ({ bio: 'changed' }) }],
  ['DELETE /api/v1/users/me', users('204'), { ends: true }],
  ['GET /api/v1/conversations', users('200')],
  ['POST /api/v1/conversations', users('201'), direct],
  ['GET /api/v1/conversations/:id', inside(NO_CONVERSATION, '200')],
  ['PATCH /api/v1/conversations/:id', inside(NO_CONVERSATION, FORBIDDEN, '200'), rename],
  ['DELETE /api/v1/conversations/:id', inside(NO_CONVERSATION, FORBIDDEN, '204')],
  ['POST /api/v1/conversations/:id/leave', inside(NO_CONVERSATION, '204', '409 conversation.owner_cannot_leave')],
  ['GET /api/v1/conversations/:id/members', inside(NO_CONVERSATION, '200')],
  ['POST /api/v1/conversations/:id/members', inside(NO_CONVERSATION, FORBIDDEN, '200'), add],
  ['DELETE /api/v1/conversations/:id/members/:user_id', inside(NO_CONVERSATION, FORBIDDEN, '204'), bystander],
  ['GET /api/v1/conversations/:id/messages', inside(NO_CONVERSATION, '200')],
  ['POST /api/v1/conversations/:id/messages', inside(NO_CONVERSATION, '201'), text],
  ['GET /api/v1/messages/:id', inside(NO_MESSAGE, '200')],
  ['PATCH /api/v1/messages/:id', inside(NO_MESSAGE, '200', NOT_MINE), text],
  ['DELETE /api/v1/messages/:id', inside(NO_MESSAGE, '200')],
  ['PUT /api/v1/messages/:id/hidden', inside(NO_MESSAGE, '204')],
  ['DELETE /api/v1/messages/:id/hidden', inside(NO_MESSAGE, '204')],
]

let names = 0
function newcomer() {
  const username = `newcomer${++names}`
  return { username, email: `${username}@example.com`, password: PASSWORD, display_name: 'New Comer' }
}

async function invite(world: World): Promise<People> {
  const round = ++names
  const roles = ['outsider', 'removed', 'member', 'owner', 'bystander']
  const [outsider, removed, member, owner, bystander] = await world.people(
    ...(roles.map((role) => `${role}${round}`) as [string, string, string, string, string]),
  )
  return { outsider, removed, member, owner, bystander }
}

async function setScene(world: World, people: People): Promise<Scene> {
  const { owner, removed, member, bystander } = people
  const { id: group } = await world.group(owner, removed, member, bystander)
  const message = await member.say(group, 'hello')
  await owner.delete(`/conversations/${group}/members/${removed.id}`)
  return { people, group, message: message.id }
}

test('everybody may do what the table says, on every route', async () => {
  await using world = await startWorld()
  const lasting = await invite(world)
  const walk = async ([route, , { path, body, ends } = {}]: Row) => {
    const scene = await setScene(world, ends ? await invite(world) : lasting)
    const [method = '', pattern = ''] = route.split(' ')
    const id = pattern.includes('/messages/:id') ? scene.message : scene.group
    const target = path ? `/api/v1${path(scene)}` : pattern.replace(':id', id)
    const outcomes: string[] = []
    for (const who of WHO) {
      const as = who === 'anonymous' ? undefined : scene.people[who]
      outcomes.push(await outcome(request(world.node.url, method, target, { as, body: body?.(scene, who) })))
    }
    return [route, ...outcomes]
  }
  const found: string[][] = []
  // A few at a time: a node that is asked for more than it can do says in /health that it is not up to it.
  for (let at = 0; at < TABLE.length; at += 3) found.push(...(await Promise.all(TABLE.slice(at, at + 3).map(walk))))
  expect(found).toEqual(TABLE.map(([route, expected]) => [route, ...expected]))
})

test('no route is missing from the table, and none is in it that is gone', () => {
  const app = createHttp({} as Services, { corsOrigins: [], trustedProxies: [] })
  const routes = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
  expect(TABLE.map(([route]) => route).sort()).toEqual([...new Set(routes)].sort())
  expect(routes).toContain('POST /api/v1/conversations/:id/messages')
})
