// Who may do what: every route of the app, asked by everybody. The others are told nothing: what is not yours is not there.
import type { Client as Session } from 'pg'
import { expect, test } from 'vitest'
import type { Services } from '../../src/http/env.js'
import { createHttp } from '../../src/http/server.js'
import { blackPng } from '../media/bytes.js'
import type { Person } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { outcome, request } from './request.js'

const WHO = [
  'anonymous',
  'outsider',
  'removed',
  'banned',
  'viewer',
  'member',
  'blocked',
  'moderator',
  'admin',
  'owner',
] as const
type Who = (typeof WHO)[number]
type Named = Exclude<Who, 'anonymous'> | 'bystander'
type People = Record<Named, Person>
/**
 * A group with one of each role, and a message of the member with two files, of which another service keeps one. Somebody was
 * removed from it and somebody was banned. The bystander, a member, has blocked the blocked one, who is a member too.
 */
type Scene = { people: People; group: string; message: string; attachment: string; external: string }
type Ask = {
  path?: (scene: Scene) => string
  body?: (scene: Scene, who: Who) => unknown
  headers?: Record<string, string>
  /** The session or the account that asks ends by it. */
  ends?: true
  /** It parts those who ask from somebody whom other rows need. */
  parts?: true
}

type Row = [route: string, expected: string[], ask?: Ask]

const NO_TOKEN = '401 auth.unauthenticated'
const NO_CONVERSATION = '404 conversation.not_found'
const NO_MESSAGE = '404 message.not_found'
const NO_ATTACHMENT = '404 attachment.not_found'
const FORBIDDEN = '403 conversation.forbidden'
const LAST_OWNER = '409 conversation.owner_cannot_leave'
const NOT_MINE = '403 message.forbidden'
const BLOCKED = '403 user.blocked'

/** The same for everybody; the same for all who are signed in. */
const all = (end: string) => Array<string>(WHO.length).fill(end)
const users = (end: string) => [NO_TOKEN, ...Array<string>(WHO.length - 1).fill(end)]
/** Who has no business there; then from the viewer up, each as the one below if nothing else is said. */
const inside = (
  others: string,
  viewer: string,
  member = viewer,
  moderator = member,
  admin = moderator,
  owner = admin,
) => [NO_TOKEN, others, others, others, viewer, member, member, moderator, admin, owner]
/** As said, but another end for some of them. */
const but = (ends: string[], others: Partial<Record<Who, string>>) =>
  ends.map((end, index) => others[WHO[index] as Who] ?? end)

const session: Ask = { path: ({ people }) => `/sessions/${people.bystander.sessionId}` }
const oneUser: Ask = { path: ({ people }) => `/users/${people.owner.id}` }
const someUsers: Ask = { path: ({ people }) => `/users?ids=${people.owner.id}` }
const block: Ask = { path: ({ people }) => `/blocks/${people.bystander.id}`, parts: true }
const signUp: Ask = { body: () => newcomer() }
const signIn: Ask = { body: ({ people }) => ({ login: people.bystander.name, password: PASSWORD }) }
const direct: Ask = { body: ({ people }) => ({ type: 'direct', user_ids: [people.bystander.id] }) }
const add: Ask = { body: ({ people }) => ({ user_ids: [people.outsider.id] }) }
const rename: Ask = { body: (_, who) => ({ name: `of the ${who} ${++names}` }) }
const reading: Ask = { body: () => ({ read_number: 1 }) }
const markUnread: Ask = { body: () => ({ from_number: 1 }) }
const text: Ask = { body: (_, who) => ({ content: `of the ${who}` }) }
const onBystander = (route: string, body?: unknown): Ask => ({
  path: ({ people, group }) => `/conversations/${group}/${route}/${people.bystander.id}`,
  ...(body !== undefined && { body: () => body }),
})
const onBanned: Ask = { path: ({ people, group }) => `/conversations/${group}/bans/${people.banned.id}` }
const file: Ask = { body: () => formOf(new File(['hello'], 'hello.txt')) }
const picture: Ask = { body: () => formOf(new File([blackPng(1, 1)], 'black.png')) }
const attachment: Ask = { path: ({ attachment }) => `/attachments/${attachment}` }
const links: Ask = { body: ({ attachment }) => ({ attachment_ids: [attachment] }) }
const onExternal: Ask = { path: ({ external }) => `/attachments/${external}` }
const keptElsewhere = (upload_status: string) => ({
  media_id: 'media',
  kind: 'file',
  mime_type: 'text/plain',
  filename: 'notes.txt',
  size: 1,
  upload_status,
})
const heir: Ask = { body: ({ people }) => ({ user_id: people.bystander.id }) }

const TUS = { 'tus-resumable': '1.0.0' }
const NO_UPLOAD = '404 upload.not_found'
const announced: Ask = { body: () => ({ filename: 'a.txt', mime_type: 'text/plain', size: 1 }) }
const beginTus: Ask = { headers: { ...TUS, 'upload-length': '1' } }
const askTus: Ask = { headers: TUS }
const sendTus: Ask = {
  headers: { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
}

const TABLE: Row[] = [
  ['GET /health', all('200')],
  ['GET /health/live', all('200')],
  ['GET /health/ready', all('200')],
  ['GET /metrics', all('200')],
  ['GET /.well-known/jwks.json', all('200')],
  ['GET /', all('200')],
  ['GET /sign-in', all('200')],
  ['GET /sign-up', all('200')],
  ['GET /c/:id', all('200')],
  ['GET /c/:id/m/:number', all('200')],
  ['GET /c/:id/details', all('200')],
  ['GET /settings/*', all('200')],
  ['GET /admin/*', all('200')],
  ['GET /sw.js', all('200')],
  ['GET /manifest.webmanifest', all('200')],
  ['GET /icon.svg', all('200')],
  ['GET /icon-maskable.svg', all('200')],
  ['GET /apple-touch-icon.png', all('200')],
  ['GET /assets/:file', all('404 route.not_found')],
  ['GET /docs', all('200')],
  ['GET /swagger', all('200')],
  ['GET /docs/initializer.js', all('200')],
  ['GET /docs/assets/:version/:file', all('404 route.not_found')],
  ['GET /api/v1/openapi.json', all('200')],
  ['GET /api/v1/asyncapi.json', all('200')],
  ['POST /api/v1/auth/register', all('201'), signUp],
  ['POST /api/v1/auth/login', all('200'), signIn],
  ['POST /api/v1/auth/refresh', all('401 auth.refresh_token_invalid'), { body: () => ({ refresh_token: 'esr_' }) }],
  ['POST /api/v1/auth/logout', users('204'), { ends: true }],
  ['GET /api/v1/auth/verify', users('200')],
  ['POST /api/v1/auth/tickets', users('201')],
  ['GET /api/v1/sessions', users('200')],
  ['DELETE /api/v1/sessions', users('204')],
  ['DELETE /api/v1/sessions/:id', users('404 session.not_found'), session],
  ['GET /api/v1/users', users('200'), someUsers],
  ['GET /api/v1/users/:id', users('200'), oneUser],
  ['GET /api/v1/users/me', users('200')],
  ['PATCH /api/v1/users/me', users('200'), { body: () => ({ bio: 'changed' }) }],
  ['DELETE /api/v1/users/me', users('204'), { ends: true }],
  ['GET /api/v1/blocks', users('200')],
  ['PUT /api/v1/blocks/:user_id', users('204'), block],
  ['DELETE /api/v1/blocks/:user_id', users('204'), block],
  ['GET /api/v1/users/me/stats', users('200')],
  ['GET /api/v1/users/me/presence', users('200')],
  ['PUT /api/v1/users/me/presence', users('200'), { body: () => ({ status: 'online' }) }],
  ['GET /api/v1/users/presence', users('200'), { path: ({ people }) => `/users/presence?ids=${people.owner.id}` }],
  ['GET /api/v1/conversations', users('200')],
  ['POST /api/v1/conversations', but(users('201'), { blocked: BLOCKED }), direct],
  ['GET /api/v1/conversations/:id', inside(NO_CONVERSATION, '200')],
  ['PATCH /api/v1/conversations/:id', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, '200'), rename],
  ['DELETE /api/v1/conversations/:id', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, '204')],
  ['PATCH /api/v1/conversations/:id/me', inside(NO_CONVERSATION, '200'), { body: () => ({ pinned: true }) }],
  ['POST /api/v1/conversations/:id/leave', but(inside(NO_CONVERSATION, '204'), { owner: LAST_OWNER })],
  [
    'POST /api/v1/conversations/:id/transfer',
    inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, '204'),
    heir,
  ],
  ['GET /api/v1/conversations/:id/members', inside(NO_CONVERSATION, '200')],
  ['POST /api/v1/conversations/:id/members', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, '200'), add],
  [
    'PATCH /api/v1/conversations/:id/members/:user_id',
    inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, '200'),
    onBystander('members', { role: 'viewer' }),
  ],
  [
    'DELETE /api/v1/conversations/:id/members/:user_id',
    inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, '204'),
    onBystander('members'),
  ],
  ['GET /api/v1/conversations/:id/bans', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, '200')],
  [
    'PUT /api/v1/conversations/:id/bans/:user_id',
    inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, '200'),
    onBystander('bans', {}),
  ],
  ['DELETE /api/v1/conversations/:id/bans/:user_id', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, '204'), onBanned],
  ['GET /api/v1/conversations/:id/messages', inside(NO_CONVERSATION, '200')],
  ['POST /api/v1/conversations/:id/messages', inside(NO_CONVERSATION, FORBIDDEN, '201'), text],
  ['GET /api/v1/conversations/:id/receipts', inside(NO_CONVERSATION, '200')],
  ['PUT /api/v1/conversations/:id/receipts', inside(NO_CONVERSATION, '200'), reading],
  ['PUT /api/v1/conversations/:id/unread', inside(NO_CONVERSATION, '200'), markUnread],
  ['POST /api/v1/conversations/read', users('200'), { body: () => ({}) }],
  ['GET /api/v1/unread', users('200')],
  ['GET /api/v1/sync', users('200')],
  // Where nobody develops there is none; test/http/demo.test.ts has the others.
  ['GET /api/v1/demo', users('404 route.not_found')],
  ['POST /api/v1/demo', users('404 route.not_found')],
  ['GET /api/v1/conversations/:id/typing', inside(NO_CONVERSATION, '200')],
  [
    'POST /api/v1/conversations/:id/typing',
    inside(NO_CONVERSATION, FORBIDDEN, '204'),
    { body: () => ({ typing: true }) },
  ],
  ['GET /api/v1/conversations/:id/presence', inside(NO_CONVERSATION, '200')],
  ['GET /api/v1/messages/:id', inside(NO_MESSAGE, '200')],
  ['PATCH /api/v1/messages/:id', but(inside(NO_MESSAGE, FORBIDDEN, NOT_MINE), { member: '200' }), text],
  ['DELETE /api/v1/messages/:id', but(inside(NO_MESSAGE, NOT_MINE, NOT_MINE, '200'), { member: '200' })],
  ['GET /api/v1/messages/:id/receipts', inside(NO_MESSAGE, '200')],
  ['POST /api/v1/uploads', users('201'), file],
  ['POST /api/v1/conversations/:id/attachments', inside(NO_CONVERSATION, FORBIDDEN, '201'), file],
  ['GET /api/v1/attachments/:id', inside(NO_ATTACHMENT, '200'), attachment],
  [
    'GET /api/v1/attachments/:id/info',
    inside(NO_ATTACHMENT, '200'),
    { path: ({ attachment }) => `/attachments/${attachment}/info` },
  ],
  ['POST /api/v1/attachments/urls', users('200'), links],
  ['PUT /api/v1/users/me/avatar', users('200'), picture],
  ['DELETE /api/v1/users/me/avatar', users('204')],
  ['PUT /api/v1/conversations/:id/avatar', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, '200'), picture],
  ['DELETE /api/v1/conversations/:id/avatar', inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, '204')],
  ['GET /api/v1/avatars/:id', all(NO_ATTACHMENT)],
  ['GET /api/v1/avatars/default/:id', all('200')],
  ['GET /api/v1/conversations/:id/settings', inside(NO_CONVERSATION, '200')],
  [
    'PATCH /api/v1/conversations/:id/settings',
    inside(NO_CONVERSATION, FORBIDDEN, FORBIDDEN, FORBIDDEN, '200'),
    { body: () => ({ media_allowed: false }) },
  ],
  ['PUT /api/v1/messages/:id/hidden', inside(NO_MESSAGE, '204')],
  ['DELETE /api/v1/messages/:id/hidden', inside(NO_MESSAGE, '204')],
  ['GET /api/v1/conversations/:id/attachments', inside(NO_CONVERSATION, '200')],
  ['POST /api/v1/attachments/external', users('201'), { body: () => keptElsewhere('pending') }],
  [
    'PATCH /api/v1/attachments/:id',
    but(inside(NO_ATTACHMENT, NOT_MINE), { member: '200' }),
    { ...onExternal, body: () => ({ upload_status: 'uploaded' }) },
  ],
  [
    'DELETE /api/v1/attachments/:id',
    but(inside(NO_ATTACHMENT, NOT_MINE, NOT_MINE, '204'), { member: '204' }),
    attachment,
  ],
  [
    'POST /api/v1/messages/:id/attachments',
    but(inside(NO_MESSAGE, FORBIDDEN, NOT_MINE), { member: NO_ATTACHMENT }),
    { body: () => ({ attachment_ids: [crypto.randomUUID()] }) },
  ],
  ['POST /api/v1/uploads/sign', users('201'), announced],
  ['PUT /api/v1/uploads/:id/content', users(NO_UPLOAD)],
  ['POST /api/v1/uploads/:id/complete', users(NO_UPLOAD)],
  ['POST /api/v1/uploads/resumable', users('201'), beginTus],
  ['GET /api/v1/uploads/resumable/:id', users(NO_UPLOAD), askTus],
  ['PATCH /api/v1/uploads/resumable/:id', users(NO_UPLOAD), sendTus],
  ['DELETE /api/v1/uploads/resumable/:id', users(NO_UPLOAD), askTus],
]

let names = 0
function newcomer() {
  const username = `newcomer${++names}`
  return { username, email: `${username}@example.com`, password: PASSWORD, display_name: 'New Comer' }
}

function formOf(file: File) {
  const form = new FormData()
  form.append('file', file)
  return form
}

async function invite(world: World, psql: Session): Promise<People> {
  const round = ++names
  const named = [...WHO.filter((who) => who !== 'anonymous'), 'bystander'] as Named[]
  const people = await Promise.all(named.map(async (who) => [who, await world.person(`${who}${round}`)] as const))
  const invited = Object.fromEntries(people) as People
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [
    invited.bystander.id,
    invited.blocked.id,
  ])
  return invited
}

async function setScene(world: World, psql: Session, people: People): Promise<Scene> {
  const { owner, outsider, ...others } = people
  const { id: group } = await world.group(owner, ...Object.values(others))
  const kept = await people.member.upload('hello.txt', 'hello')
  const elsewhere = await people.member.post('/attachments/external', keptElsewhere('uploaded'))
  const message = await people.member.say(group, 'hello', { attachment_ids: [kept.id, elsewhere.id] })
  // As an operator would: the routes for it are among those that are asked here.
  for (const role of ['viewer', 'moderator', 'admin'] as const) {
    await psql.query('update members set role = $1 where conversation_id = $2 and user_id = $3', [
      role,
      group,
      people[role].id,
    ])
  }
  await psql.query('insert into bans (conversation_id, user_id) values ($1, $2)', [group, people.banned.id])
  await psql.query('delete from members where conversation_id = $1 and user_id = any($2)', [
    group,
    [people.removed.id, people.banned.id],
  ])
  return { people, group, message: message.id, attachment: kept.id, external: elsewhere.id }
}

test('everybody may do what the table says, on every route', async () => {
  await using world = await startWorld()
  // A few at a time: a node that is asked for more than it can do says in /health that it is not up to it.
  const lanes = await Promise.all([world.session(), world.session(), world.session()])
  const lasting = await invite(world, lanes[0])
  const walk = async ([route, , { path, body, headers, ends, parts } = {}]: Row, psql: Session) => {
    const [method = '', pattern = ''] = route.split(' ')
    const people = ends || parts ? await invite(world, psql) : lasting
    let scene = await setScene(world, psql, people)
    const outcomes: string[] = []
    for (const who of WHO) {
      // What one was allowed to change must not be what the next one finds.
      if (method !== 'GET' && !ends && outcomes.at(-1)?.startsWith('2')) scene = await setScene(world, psql, people)
      const id = pattern.includes('/messages/:id') ? scene.message : scene.group
      const target = path ? `/api/v1${path(scene)}` : pattern.replace(':id', id)
      const as = who === 'anonymous' ? undefined : people[who]
      outcomes.push(await outcome(request(world.node.url, method, target, { as, headers, body: body?.(scene, who) })))
    }
    return [route, ...outcomes]
  }
  const found: string[][] = []
  for (let at = 0; at < TABLE.length; at += lanes.length) {
    const rows = lanes.flatMap((psql, lane) => {
      const row = TABLE[at + lane]
      return row ? [walk(row, psql)] : []
    })
    found.push(...(await Promise.all(rows)))
  }
  expect(found).toEqual(TABLE.map(([route, expected]) => [route, ...expected]))
}, 120_000)

test('no route is missing from the table, and none is in it that is gone', () => {
  const app = createHttp({} as Services, { corsOrigins: [], trustedProxies: [] })
  const routes = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
  expect(TABLE.map(([route]) => route).sort()).toEqual([...new Set(routes)].sort())
  expect(routes).toContain('POST /api/v1/conversations/:id/messages')
})
