// Who may open a socket on a node: pages of which origin, how many at once of a user and of an address, how often.
import type { ClientRequestArgs } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientOptions } from 'ws'
import { Clock } from '../support/clock.js'
import { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

type Options = ClientOptions & ClientRequestArgs

const listening: Ear[] = []
afterAll(() => {
  for (const ear of listening) ear.cut()
})

function open(url: string, query: string, options: Options = {}): Ear {
  const ear = new Ear(`${url.replace('http', 'ws')}/ws?${query}`, options)
  listening.push(ear)
  return ear
}
/** `hello`, and then it stays open; or the code that it was closed with. */
async function greeted(ear: Ear): Promise<'hello' | number> {
  return ear.next('hello').then(
    () => 'hello' as const,
    async () => (await ear.closed).code,
  )
}
const knock = (person: Person, options?: Options, url = person.url) =>
  greeted(open(url, `token=${person.token}`, options))
const refusals = async (url: string, reason: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`socket_refusals_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
}

describe('origins', () => {
  let world: World
  let alice: Person
  /** As a page of this origin connects, to a server that it calls by this name. */
  const page = (origin: string, host?: string, more: Record<string, string> = {}): Options => ({
    headers: { origin, ...(host !== undefined && { host }), ...more },
  })
  const node = () => new URL(world.node.url)

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.person('alice')
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('what is no browser names no origin, and is let in', async () => {
    expect(await knock(alice)).toBe('hello')
  })

  test('our own pages may connect, whatever the case, the scheme and the port that it has anyway', async () => {
    const { host } = node()
    for (const options of [
      page(`http://${host}`),
      page(`HTTP://${host}`),
      // TLS may end at a proxy that says nothing of it.
      page(`https://${host}`),
      page('https://chat.example', 'Chat.Example'),
      page('https://chat.example:443', 'chat.example'),
      page('https://chat.example', 'chat.example:443'),
      page('http://chat.example:80', 'chat.example'),
      page('http://[::1]:3000', '[0:0:0:0:0:0:0:1]:3000'),
    ])
      expect([options.headers, await knock(alice, options)]).toEqual([options.headers, 'hello'])
  })

  test('pages of others may not, and are told so by the close code', async () => {
    const { host, hostname, port } = node()
    for (const options of [
      page('https://evil.example'),
      page(`http://${hostname}`),
      page(`http://${hostname}:${Number(port) + 1}`),
      page(`http://${host}.evil.example`),
      page(`http://${host}@evil.example`),
      page(`http://evil.example?${host}`),
      page('https://sub.chat.example', 'chat.example'),
      page('https://chat.example', 'sub.chat.example'),
      page('http://chat.example', 'chat.example:443'),
      page('https://chat.example:444', 'chat.example'),
      page(`ftp://${host}`),
      page(`capacitor://${host}`),
      page('null'),
      page(''),
      page('*'),
      page(host),
      page(`http://${host}, https://evil.example`),
    ])
      expect([options.headers, await knock(alice, options)]).toEqual([options.headers, 4503])
  })

  test('the origin of the protocol of old browsers counts as well', async () => {
    const old = (origin: string) => knock(alice, { protocolVersion: 8, origin })
    expect(await old(`http://${node().host}`)).toBe('hello')
    expect(await old('https://evil.example')).toBe(4503)
  })

  test('a page that may not connect uses up no ticket, and learns of no token whether it is good', async () => {
    const before = await refusals(world.node.url, 'origin')
    const { ticket } = await alice.post('/auth/tickets')
    for (const query of [`ticket=${ticket}`, 'token=nonsense', ''])
      expect(await greeted(open(world.node.url, query, page('https://evil.example')))).toBe(4503)
    expect(await refusals(world.node.url, 'origin')).toBe(before + 3)
    expect(await greeted(open(world.node.url, `ticket=${ticket}`))).toBe('hello')
  })

  test('CORS_ORIGINS and PUBLIC_URL name others that may, and * lets all in', async () => {
    const named = await world.addNode({
      CORS_ORIGINS: 'https://app.example:443, capacitor://localhost',
      PUBLIC_URL: 'https://Chat.example/earshot',
    })
    const knockOn = async (url: string, origin: string) => {
      const person = await world.person(`someone${listening.length}`, { ...world.node, url })
      return knock(person, page(origin))
    }
    for (const origin of [
      'https://app.example',
      'https://APP.example',
      'capacitor://localhost',
      'https://chat.example',
    ])
      expect([origin, await knockOn(named.url, origin)]).toEqual([origin, 'hello'])
    for (const origin of ['http://app.example', 'https://chat.example:8443', 'capacitor://elsewhere', 'null'])
      expect([origin, await knockOn(named.url, origin)]).toEqual([origin, 4503])
    const open = await world.addNode({ CORS_ORIGINS: '*' })
    for (const origin of ['https://evil.example', 'null'])
      expect([origin, await knockOn(open.url, origin)]).toEqual([origin, 'hello'])
    const odd = await world.addNode({ CORS_ORIGINS: 'null' })
    expect(await knockOn(odd.url, 'null')).toBe(4503)
  })

  test('a proxy says which host and scheme were asked for, if it is trusted', async () => {
    const forwarded = (origin: string, host: string, proto?: string) =>
      page(origin, undefined, { 'x-forwarded-host': host, ...(proto !== undefined && { 'x-forwarded-proto': proto }) })
    expect(await knock(alice, forwarded('https://chat.example', 'chat.example', 'https'))).toBe(4503)

    const { url } = await world.addNode({ TRUSTED_PROXIES: '127.0.0.1' })
    const behind = await world.person('behind', { ...world.node, url })
    for (const [options, end] of [
      [forwarded('https://chat.example', 'chat.example', 'https'), 'hello'],
      [forwarded('https://chat.example', 'chat.example:443, inner:8080', 'wss, http'), 'hello'],
      [forwarded('https://chat.example', 'chat.example'), 'hello'],
      [page('http://chat.example', 'chat.example', { 'x-forwarded-proto': 'http' }), 'hello'],
      [forwarded('http://chat.example', 'chat.example', 'https'), 4503],
      [forwarded('https://evil.example', 'chat.example', 'https'), 4503],
      // The name that the proxy calls us by is not that of our pages.
      [forwarded(`http://${new URL(url).host}`, 'chat.example', 'http'), 4503],
      [forwarded('https://chat.example', 'chat.example', 'nonsense'), 4503],
    ] as const)
      expect([options.headers, await knock(behind, options)]).toEqual([options.headers, end])
  })
})

describe('sockets of one user', () => {
  test('one more than there may be closes the oldest, and nobody else', async () => {
    await using world = await startWorld({ WS_MAX_PER_USER: '2' })
    const [alice, bob] = await world.people('alice', 'bob')
    const tablet = await world.device(alice)
    const bobs = await bob.connect()
    const [first, second] = [await alice.connect(), await tablet.connect()]
    expect(first.isOpen).toBe(true)
    const third = await alice.connect()
    expect((await first.closed).code).toBe(4505)
    expect([second.isOpen, third.isOpen, bobs.isOpen]).toEqual([true, true, true])
    const fourth = await alice.connect()
    expect((await second.closed).code).toBe(4505)

    // Whoever leaves makes room: then nobody has to go.
    third.socket.close()
    await third.closed
    const fifth = await alice.connect()
    expect(await fifth.command('ping')).toMatchObject({ ok: true })
    expect([fourth.isOpen, fifth.isOpen, bobs.isOpen]).toEqual([true, true, true])
  })

  test('of many that come at once, so many stay as there may be', async () => {
    await using world = await startWorld({ WS_MAX_PER_USER: '2' })
    const alice = await world.person('alice')
    const ears = Array.from({ length: 8 }, () => open(world.node.url, `token=${alice.token}`))
    const gone = ears.map((ear) => ear.closed.then(({ code }) => code))
    const codes: number[] = []
    for (const one of gone) one.then((code) => codes.push(code))
    await expect.poll(() => codes.length, { timeout: 10_000 }).toBe(6)
    expect(new Set(codes)).toEqual(new Set([4505]))
    const left = ears.filter((ear) => ear.isOpen)
    for (const ear of left) expect(await ear.command('ping')).toMatchObject({ ok: true })
    expect(left).toHaveLength(2)
  })

  test('those that a phone has lost on its way do not lock it out', async () => {
    await using world = await startWorld({ WS_MAX_PER_USER: '2' })
    const alice = await world.person('alice')
    const lost = [await alice.connect(), await alice.connect()]
    // They hear nothing any more, and answer to nothing.
    for (const ear of lost) ear.socket.pause()
    const back = [await alice.connect(), await alice.connect()]
    for (const ear of back) expect(await ear.command('ping')).toMatchObject({ ok: true })
    for (const ear of lost) ear.socket.resume()
    expect(await Promise.all(lost.map(async (ear) => (await ear.closed).code))).toEqual([4505, 4505])
    expect(back.map((ear) => ear.isOpen)).toEqual([true, true])
  })
})

describe('sockets from one address', () => {
  const from = (address: string): Options => ({ headers: { 'x-forwarded-for': address } })

  test('up to the limit they are let in, one past it is not, and who leaves makes room once', async () => {
    await using world = await startWorld({ WS_MAX_PER_ADDRESS: '2' })
    const [alice, bob] = await world.people('alice', 'bob')
    const { url } = world.node
    const [first, second] = [await alice.connect(), await bob.connect()]
    expect(await knock(alice)).toBe(4429)
    expect(await knock(bob)).toBe(4429)
    expect(await refusals(url, 'address')).toBe(2)
    expect([first.isOpen, second.isOpen]).toEqual([true, true])
    first.cut()
    await expect.poll(() => knock(alice)).toBe('hello')
    expect(await knock(alice)).toBe(4429)
    expect(second.isOpen).toBe(true)
  })

  test('they count from the upgrade on, before it is known whose they are; those that die meanwhile give their place back', async () => {
    await using world = await startWorld({ WS_MAX_PER_ADDRESS: '2' })
    const alice = await world.person('alice')
    const { url } = world.node
    const tickets = [await alice.post('/auth/tickets'), await alice.post('/auth/tickets')]
    const psql = await world.session()
    await psql.query('begin; lock table tickets in access exclusive mode')
    const waiting = tickets.map(({ ticket }) => open(url, `ticket=${ticket}`))
    await Promise.all(waiting.map((ear) => new Promise((resolve) => ear.socket.once('open', resolve))))
    expect(await knock(alice)).toBe(4429)
    waiting[0]?.cut()
    await psql.query('commit')
    await waiting[1]?.next('hello')
    await expect.poll(() => knock(alice)).toBe('hello')
    expect(await knock(alice)).toBe(4429)
    expect(waiting[1]?.isOpen).toBe(true)
  })

  test('those that are not let in have no place for longer than they need to go', async () => {
    await using world = await startWorld({ WS_MAX_PER_ADDRESS: '2' })
    const alice = await world.person('alice')
    for (let times = 0; times < 5; times++) {
      expect(await greeted(open(world.node.url, 'token=nonsense'))).toBe(4504)
      expect(await greeted(open(world.node.url, '', { headers: { origin: 'https://evil.example' } }))).toBe(4503)
    }
    // Clients that never answer the close.
    const deaf = [open(world.node.url, 'token=nonsense'), open(world.node.url, 'token=nonsense')]
    for (const ear of deaf) ear.socket.once('open', () => ear.socket.pause())
    await expect.poll(() => knock(alice), { timeout: 10_000, interval: 100 }).toBe('hello')
  })

  test('the address is that of the client behind a trusted proxy, and an IPv6 host has many', async () => {
    await using world = await startWorld({ WS_MAX_PER_ADDRESS: '1', TRUSTED_PROXIES: '127.0.0.1' })
    const alice = await world.person('alice')
    expect(await knock(alice, from('198.51.100.1'))).toBe('hello')
    expect(await knock(alice, from('198.51.100.1'))).toBe(4429)
    expect(await knock(alice, from('203.0.113.9, 198.51.100.1'))).toBe(4429)
    expect(await knock(alice, from('198.51.100.2'))).toBe('hello')
    expect(await knock(alice, from('2001:db8:1:2:aaaa::1'))).toBe('hello')
    expect(await knock(alice, from('2001:db8:1:2:bbbb::2'))).toBe(4429)
    expect(await knock(alice, from('2001:db8:1:3::1'))).toBe('hello')
  })

  test('what somebody says of their address who is no trusted proxy changes nothing', async () => {
    await using world = await startWorld({ WS_MAX_PER_ADDRESS: '1', TRUSTED_PROXIES: '10.0.0.0/8' })
    const alice = await world.person('alice')
    expect(await knock(alice, from('198.51.100.1'))).toBe('hello')
    expect(await knock(alice, from('198.51.100.2'))).toBe(4429)
  })
})

describe('how often one user opens a socket', () => {
  test('up to the limit they may, one past it not before the window is over; it takes nobody their place', async () => {
    const clock = new Clock()
    await using world = await startWorld({ WS_CONNECTS: '2/1m', WS_MAX_PER_USER: '2' }, clock)
    const [alice, bob] = await world.people('alice', 'bob')
    const tablet = await world.device(alice)
    const [first, second] = [await alice.connect(), await tablet.connect()]
    expect(await knock(alice)).toBe(4429)
    expect(await knock(tablet)).toBe(4429)
    expect(await refusals(world.node.url, 'connects')).toBe(2)
    expect([first.isOpen, second.isOpen]).toEqual([true, true])
    expect(await knock(bob)).toBe('hello')
    // It is each node's own count.
    expect(await knock(alice, {}, (await world.addNode()).url)).toBe('hello')
    clock.pass(59)
    expect(await knock(alice)).toBe(4429)
    clock.pass(1)
    expect(await knock(alice)).toBe('hello')
    expect((await first.closed).code).toBe(4505)
  })

  test('who does not prove who they are counts for nobody', async () => {
    await using world = await startWorld({ WS_CONNECTS: '1/1m' })
    const alice = await world.person('alice')
    const forged = alice.token.slice(0, -8).concat('AAAAAAAA')
    for (let times = 0; times < 3; times++) expect(await greeted(open(world.node.url, `token=${forged}`))).toBe(4504)
    expect(await refusals(world.node.url, 'unauthenticated')).toBe(3)
    expect(await knock(alice)).toBe('hello')
  })
})
