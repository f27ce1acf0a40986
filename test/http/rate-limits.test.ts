import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, fetchJson } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { outcome, outcomes } from './request.js'

/** Behind trusted proxies, with one sign-in for each address. */
let proxied: World
/** With two sign-ins that may fail for each account. */
let strict: World
beforeAll(async () => {
  proxied = await startWorld({ RATE_LIMIT_LOGIN: '1/1h', TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' })
  strict = await startWorld({ RATE_LIMIT_LOGIN_ACCOUNT: '2/1h' })
})
afterAll(async () => {
  await proxied[Symbol.asyncDispose]()
  await strict[Symbol.asyncDispose]()
})

let names = 0
function register(url: string, headers: Record<string, string> = {}) {
  const username = `somebody${++names}`
  const body = { username, email: `${username}@example.com`, password: PASSWORD, display_name: 'Some Body' }
  return fetchJson(url, 'POST', '/auth/register', { body, headers })
}
/** Sign-ins are the cheapest way to count against an address: nobody of that name exists. */
const login = (url: string, headers: Record<string, string> = {}, name = 'nobody', password = PASSWORD) =>
  fetchJson(url, 'POST', '/auth/login', { body: { login: name, password }, headers })
const from = (...addresses: string[]) => ({ 'x-forwarded-for': addresses.join(', ') })
const limits = ({ headers }: Answer) => [headers.get('ratelimit'), headers.get('ratelimit-policy')]

test('up to the limit requests are answered, and one past it is told when to come back', async () => {
  await using world = await startWorld({ RATE_LIMIT_REGISTER: '2/1h' })
  const { url } = world.node
  const first = await register(url)
  expect(first.status).toBe(201)
  expect(limits(first)).toEqual([expect.stringMatching(/^"register";r=1;t=3[56]\d\d$/), '"register";q=2;w=3600'])
  expect(first.headers.get('retry-after')).toBeNull()
  const second = await register(url)
  expect([second.status, second.headers.get('ratelimit')]).toEqual([
    201,
    expect.stringMatching(/^"register";r=0;t=3[56]\d\d$/),
  ])

  const third = await register(url)
  expect([third.status, third.body.code]).toEqual([429, 'rate_limited'])
  expect(third.headers.get('content-type')).toBe('application/problem+json')
  const wait = Number(third.headers.get('retry-after'))
  expect(wait).toBeGreaterThan(3_500)
  expect(wait).toBeLessThanOrEqual(3_600)
  expect(limits(third)).toEqual([`"register";r=0;t=${wait}`, '"register";q=2;w=3600'])
  // Another limit is another count.
  expect(await outcome(login(url))).toBe('401 auth.invalid_credentials')

  const psql = await world.session()
  await psql.query('update rate_limits set expire = 1')
  expect(await outcome(register(url))).toBe('201')
})

test('a limit is one limit on all nodes, also for requests at the same time', async () => {
  await using world = await startWorld({ RATE_LIMIT_LOGIN: '4/1h' })
  const nodes = [world.node, await world.addNode()]
  for (const node of nodes) expect(await outcome(login(node.url))).toBe('401 auth.invalid_credentials')
  expect(await outcomes([...nodes, ...nodes, ...nodes].map((node) => login(node.url)))).toEqual([
    ...Array(2).fill('401 auth.invalid_credentials'),
    ...Array(4).fill('429 rate_limited'),
  ])
})

test('the limit of an account counts only what fails, whatever the case and for names that nobody has', async () => {
  const { url } = strict.node
  const [alice, bob] = await strict.people('alice', 'bob')
  for (let times = 0; times < 3; times++) expect(await outcome(login(url, {}, 'alice'))).toBe('200')
  for (const name of ['alice', 'aLiCe'])
    expect(await outcome(login(url, {}, name, 'a wrong one'))).toBe('401 auth.invalid_credentials')
  const refused = await login(url, {}, 'ALICE')
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500)
  // Others, and the devices that are signed in, notice nothing.
  expect(await outcome(login(url, {}, bob.name))).toBe('200')
  expect(await outcome(alice.ask('GET', '/users/me'))).toBe('200')

  const strangers = await outcomes(Array.from({ length: 4 }, () => login(url, {}, 'not-there')))
  expect(strangers).toEqual([...Array(2).fill('401 auth.invalid_credentials'), ...Array(2).fill('429 rate_limited')])
})

test('the limit of an account holds for attempts in parallel', async () => {
  await strict.person('carol')
  const attempts = Array.from({ length: 8 }, (_, index) => login(strict.node.url, {}, 'carol', `guess ${index}`))
  expect(await outcomes(attempts)).toEqual([
    ...Array(2).fill('401 auth.invalid_credentials'),
    ...Array(6).fill('429 rate_limited'),
  ])
})

test('the limit of a username does not tell whose e-mail address is whose', async () => {
  await strict.person('dora')
  const attempt = (name: string) => outcome(login(strict.node.url, {}, name, 'a wrong one'))
  for (let n = 0; n < 2; n++) expect(await attempt('dora')).toBe('401 auth.invalid_credentials')
  expect(await attempt('DORA')).toBe('429 rate_limited')
  // Hers and a stranger's answer alike.
  for (const address of ['dora@example.com', 'nobody@example.com']) {
    expect(await attempt(address)).toBe('401 auth.invalid_credentials')
  }
})

test('searches are counted for each user', async () => {
  await using world = await startWorld({ RATE_LIMIT_SEARCH: '2/1m' })
  const [alice, bob] = await world.people('alice', 'bob')
  const search = (person = alice) => person.ask('GET', '/users?query=somebody')
  expect(limits(await search())).toEqual([expect.stringMatching(/^"search";r=1;t=[56]\d$/), '"search";q=2;w=60'])
  expect(await outcome(search())).toBe('200')
  expect(await outcome(search())).toBe('429 rate_limited')
  expect(await outcome(search(bob))).toBe('200')
  // Reading by id is no search.
  for (const path of [`/users/${bob.id}`, `/users?ids=${bob.id}`]) {
    const answer = await alice.ask('GET', path)
    expect([answer.status, ...limits(answer)]).toEqual([200, null, null])
  }
})

test('X-Forwarded-For of somebody who is no trusted proxy changes nothing', async () => {
  await using world = await startWorld({ RATE_LIMIT_LOGIN: '2/1h', TRUSTED_PROXIES: '10.0.0.0/8' })
  const { url } = world.node
  for (const address of ['198.51.100.1', '198.51.100.2'])
    expect(await outcome(login(url, from(address)))).toBe('401 auth.invalid_credentials')
  expect(await outcome(login(url, from('198.51.100.3')))).toBe('429 rate_limited')
  expect(await outcome(login(url))).toBe('429 rate_limited')
  const { body } = await register(url, from('198.51.100.4'))
  expect(body.session.ip).toBe('127.0.0.1')
})

test('X-Forwarded-For of a trusted proxy counts, as far as it comes from trusted ones', async () => {
  const { url } = proxied.node
  expect(await outcome(login(url, from('198.51.100.1')))).toBe('401 auth.invalid_credentials')
  expect(await outcome(login(url, from('198.51.100.1')))).toBe('429 rate_limited')
  expect(await outcome(login(url, from('198.51.100.2')))).toBe('401 auth.invalid_credentials')
  // What a client writes in front itself is not believed, and what a chain of proxies adds is.
  expect(await outcome(login(url, from('203.0.113.9', '198.51.100.1')))).toBe('429 rate_limited')
  expect(await outcome(login(url, from('198.51.100.1', '10.1.2.3')))).toBe('429 rate_limited')
  const { body } = await register(url, from('203.0.113.9', '198.51.100.4', '10.1.2.3'))
  expect(body.session.ip).toBe('198.51.100.4')
})

test.each([
  ['2001:db8:1:2:aaaa::1', '2001:db8:1:2:bbbb:0:0:9', '2001:db8:1:3::1'],
  ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'],
  ['2001:db8:7:8::1', '2001:DB8:7:8::1', '2001:db8:7:9::1'],
])('%s and %s are one host of IPv6, and %s is another', async (address, sameHost, otherHost) => {
  const { url } = proxied.node
  expect(await outcome(login(url, from(address)))).toBe('401 auth.invalid_credentials')
  expect(await outcome(login(url, from(otherHost)))).toBe('401 auth.invalid_credentials')
  expect(await outcome(login(url, from(sameHost)))).toBe('429 rate_limited')
})

test('no name and no address is stored to count them', async () => {
  await using world = await startWorld()
  const alice = await world.person('alice')
  await login(world.node.url, {}, 'alice', 'a wrong one')
  await login(world.node.url, {}, 'nobody@example.com', 'a wrong one')
  await alice.get('/users?query=somebody')
  const psql = await world.session()
  const { rows } = await psql.query('select key from rate_limits order by key')
  // Sign-ups and sign-ins by address, one account and one that is none, and one who searched.
  expect(rows.map(({ key }) => key)).toEqual([
    expect.stringMatching(/^login:[\w-]{43}$/),
    ...Array(2).fill(expect.stringMatching(/^login_account:[\w-]{43}$/)),
    expect.stringMatching(/^register:[\w-]{43}$/),
    expect.stringMatching(/^search:[\w-]{43}$/),
  ])
})
