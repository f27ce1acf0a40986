// Who gets the bytes of a file, which part of them, and what a browser or a cache may do with them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchBytes, type Person } from '../support/person.js'
import { jpeg } from '../support/pictures.js'
import { startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
let carol: Person
let home: string
beforeAll(async () => {
  world = await startWorld({ MEDIA_URL_TTL: '15m' })
  ;[alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  home = (await world.group(alice, bob)).id
})
afterAll(() => world[Symbol.asyncDispose]())

const TEXT = 'abcdefghijklmnopqrstuvwxyz'
async function send(content: string | Uint8Array = TEXT, filename = 'abc.txt', to = home) {
  const attachment = await alice.upload(filename, content)
  const message = await alice.say(to, '', { attachment_ids: [attachment.id] })
  return { ...attachment, message_id: message.id }
}
const part = async (url: string, range: string, headers = {}) => {
  const answer = await bob.download(url, { range, ...headers })
  return [answer.status, answer.headers.get('content-range'), answer.problem?.code ?? answer.bytes.toString()]
}

test.each([
  ['the first bytes', 'bytes=0-2', [206, 'bytes 0-2/26', 'abc']],
  ['the rest', 'bytes=23-', [206, 'bytes 23-25/26', 'xyz']],
  ['the last bytes', 'bytes=-3', [206, 'bytes 23-25/26', 'xyz']],
  ['one byte', 'bytes=25-25', [206, 'bytes 25-25/26', 'z']],
  ['more than there is', 'bytes=24-1000', [206, 'bytes 24-25/26', 'yz']],
  ['a suffix longer than the file', 'bytes=-1000', [206, 'bytes 0-25/26', TEXT]],
  ['what is behind the end', 'bytes=26-', [416, 'bytes */26', 'attachment.range_not_satisfiable']],
  ['nothing', 'bytes=-0', [416, 'bytes */26', 'attachment.range_not_satisfiable']],
  ['several ranges', 'bytes=0-1,4-5', [416, 'bytes */26', 'attachment.range_not_satisfiable']],
  ['a range that is none', 'bytes=2-1', [416, 'bytes */26', 'attachment.range_not_satisfiable']],
  ['another unit', 'lines=0-1', [200, null, TEXT]],
  ['nonsense', 'bytes', [200, null, TEXT]],
])('a range: %s', async (_what, range, expected) => {
  const { url } = await send()
  expect(await part(url, range)).toEqual(expected)
})

test('a range goes on with the same file alone', async () => {
  const { url, sha256 } = await send()
  expect(await part(url, 'bytes=0-2', { 'if-range': `"${sha256}"` })).toEqual([206, 'bytes 0-2/26', 'abc'])
  expect(await part(url, 'bytes=0-2', { 'if-range': '"other"' })).toEqual([200, null, TEXT])
})

test('a file is kept for ever by whoever may have it, and known by its hash', async () => {
  const { url, sha256 } = await send()
  const { headers } = await bob.download(url)
  expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  expect(headers.get('accept-ranges')).toBe('bytes')
  expect(headers.get('content-length')).toBe('26')
  for (const known of [`"${sha256}"`, `W/"${sha256}"`, `"x", "${sha256}"`, '*']) {
    const again = await bob.download(url, { 'if-none-match': known })
    expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, `"${sha256}"`])
  }
  expect((await bob.download(url, { 'if-none-match': '"x"' })).status).toBe(200)
  const head = await bob.download(url, {}, 'HEAD')
  expect([head.status, head.bytes.length, head.headers.get('content-length')]).toEqual([200, 0, '26'])
})

test('a refusal is never kept', async () => {
  const { url } = await send()
  for (const answer of [await carol.download(url), await bob.download(url, { range: 'bytes=99-' })]) {
    expect(answer.headers.get('cache-control')).toBe('no-store')
  }
})

test('a picture is shown, and nothing else is made of it', async () => {
  const { url } = await send(await jpeg(20, 20), 'me & "you" — ünï.jpg')
  const { headers } = await bob.download(url)
  expect(headers.get('content-type')).toBe('image/jpeg')
  expect(headers.get('content-disposition')).toMatch(/^inline; filename="[ -~]*"; filename\*=UTF-8''/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
})

test('membership is asked each time', async () => {
  const group = (await world.group(alice, bob, carol)).id
  const { url, id, message_id } = await send(TEXT, 'abc.txt', group)
  const links = await carol.post('/attachments/urls', { attachment_ids: [id] })
  const link = links.data[0].url
  const open = () => Promise.all([carol.download(url), fetchBytes(world.node.url, link)])
  expect((await open()).map(({ status }) => status)).toEqual([200, 200])
  await alice.delete(`/conversations/${group}/members/${carol.id}`)
  expect((await open()).map(({ problem }) => problem?.code)).toEqual(['attachment.not_found', 'attachment.not_found'])
  await bob.ask('PUT', `/messages/${message_id}/hidden`)
  expect((await bob.download(url)).status).toBe(404)
  await bob.delete(`/messages/${message_id}/hidden`)
  expect((await bob.download(url)).status).toBe(200)
  await alice.delete(`/messages/${message_id}`)
  for (const who of [alice, bob]) expect((await who.download(url)).status).toBe(404)
})

test('a signed address works without a token, for one file, until it ends or its session does', async () => {
  const [one, two] = [await send(), await send('another')]
  const device = await world.device(bob)
  const { data, expires_at } = await device.post('/attachments/urls', { attachment_ids: [one.id, crypto.randomUUID()] })
  expect(data.map((link: { attachment_id: string }) => link.attachment_id)).toEqual([one.id])
  expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(14 * 60_000)
  const link: string = data[0].url
  const get = async (path: string) => {
    const { status, problem } = await fetchBytes(world.node.url, path)
    return problem?.code ?? status
  }
  const signature = link.slice(link.indexOf('=') + 1)
  expect(await get(link)).toBe(200)
  expect(await get(`/attachments/${two.id}?signature=${signature}`)).toBe('attachment.link_invalid')
  expect(await get(`${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`)).toBe('attachment.link_invalid')
  expect(await get(`/attachments/${one.id}?signature=`)).toBe('attachment.link_invalid')
  expect(await get(`/attachments/${one.id}`)).toBe('auth.unauthenticated')
  // It opens this file and nothing else.
  expect(await get(`/messages/${one.message_id}?signature=${signature}`)).toBe('auth.unauthenticated')
  await device.post('/auth/logout')
  expect(await get(link)).toBe('attachment.link_invalid')
})

test('what is not a file of mine gets no signed address', async () => {
  const { id } = await send()
  expect(await carol.post('/attachments/urls', { attachment_ids: [id] })).toMatchObject({ data: [] })
  expect((await carol.ask('POST', '/attachments/urls', { attachment_ids: [] })).status).toBe(422)
})

test.each(['../../etc/passwd', '..%2f..%2fetc%2fpasswd', 'x', '00000000-0000-0000-0000-00000000000g'])(
  'an id that is none finds nothing: %s',
  async (id) => {
    const { status } = await bob.ask('GET', `/attachments/${id}`)
    expect([404, 422]).toContain(status)
  },
)
