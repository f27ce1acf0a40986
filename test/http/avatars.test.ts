// The picture of a user: how it comes in, who hears of it, who may see it, and when it goes.
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blackPng, gifOfFrames, heic } from '../media/bytes.js'
import { fetchBytes, type Person } from '../support/person.js'
import { file, photo } from '../support/pictures.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

const LIMIT = 100_000
const MINE = '/users/me/avatar'

let world: World
let alice: Person
let bob: Person
let outsider: Person
let psql: Awaited<ReturnType<World['session']>>
beforeAll(async () => {
  world = await startWorld({ MAX_AVATAR_BYTES: '100KB' })
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  await world.group(alice, bob)
  psql = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())

const put = (person: Person, bytes: Uint8Array | string, name?: string) =>
  person.sendForm(MINE, { file: file(bytes, name) }, 'PUT')
const choose = (person: Person, attachment_id: string) => person.ask('PUT', MINE, { attachment_id })
const see = (path: string, headers = {}) => fetchBytes(world.node.url, path, headers)
const urlOf = async (person: Person) => (await person.get('/users/me')).avatar_url
/** What is left of somebody's pictures and uploads. */
async function kept(person: Person) {
  const { rows } = await psql.query(
    `select (select count(*)::int from attachments where user_id = $1 and purpose = 'avatar' and removed_at is null) as live,
            (select count(*)::int from blobs where user_id = $1) as blobs,
            (select count(*)::int from uploads where user_id = $1) as uploads,
            (select bytes - (select coalesce(sum(size), 0) from attachments where user_id = $1 and removed_at is null)
             from media_usage where user_id = $1)::int as miscounted`,
    [person.id],
  )
  return rows[0]
}

test('a picture becomes a small square with nothing in it but its pixels, and those who should hear of it', async () => {
  const phone = await world.device(alice)
  const [own, friend, stranger] = [await listen(phone), await listen(bob), await listen(outsider)]
  const { status, body } = await put(alice, await photo())
  expect([status, body]).toEqual([200, { avatar_url: expect.stringMatching(/^\/api\/v1\/avatars\/[0-9a-f-]{36}$/) }])
  expect((await own.next('user.updated')).data).toMatchObject({ id: alice.id, avatar_url: body.avatar_url })
  expect((await friend.next('profile.changed')).data).toEqual({ user_id: alice.id })
  await outsider.settled()
  expect(stranger.all('profile.changed')).toEqual([])
  expect(await urlOf(alice)).toBe(body.avatar_url)
  expect((await bob.get(`/users/${alice.id}`)).avatar_url).toBe(body.avatar_url)

  const { bytes } = await see(body.avatar_url)
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })
  const { exif, xmp, icc } = await sharp(bytes).metadata()
  expect([exif, xmp, icc]).toEqual([undefined, undefined, undefined])
  // The middle of it: the seam of the two colours stays in the middle.
  const [left, right] = await Promise.all(
    [10, 500].map((x) => sharp(bytes).extract({ left: x, top: 256, width: 1, height: 1 }).raw().toBuffer()),
  )
  expect([left?.[0], right?.[2]].map((value = 0) => value > 200)).toEqual([true, true])
})

test('everyone may read a picture, and every cache may keep it', async () => {
  const { avatar_url } = (await put(bob, blackPng(20, 10))).body
  const { status, bytes, headers } = await see(avatar_url)
  expect(status).toBe(200)
  const etag = headers.get('etag') ?? ''
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'image/webp',
    'content-length': String(bytes.length),
    'cache-control': 'public, max-age=31536000, immutable',
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': 'inline; filename="avatar.webp"',
  })
  expect((await see(avatar_url, { 'if-none-match': etag })).status).toBe(304)
  const part = await see(avatar_url, { range: 'bytes=0-3' })
  expect([part.status, part.bytes.toString()]).toEqual([206, 'RIFF'])
})

test('who has chosen none is drawn from their id, which tells nothing of who exists', async () => {
  const id = crypto.randomUUID()
  const url = await urlOf(outsider)
  expect(url).toBe(`/api/v1/avatars/default/${outsider.id}`)
  const [drawn, again, nobody] = [await see(url), await see(url), await see(`/avatars/default/${id}`)]
  expect([drawn.status, nobody.status, drawn.bytes.equals(again.bytes), drawn.bytes.equals(nobody.bytes)]).toEqual([
    200,
    200,
    true,
    false,
  ])
  expect((await see(`/avatars/default/${id.toUpperCase()}`)).bytes.equals(nobody.bytes)).toBe(true)
  for (const { headers } of [drawn, nobody]) {
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    })
  }
  expect((await see(url, { 'if-none-match': drawn.headers.get('etag') ?? '' })).status).toBe(304)
  expect((await see('/avatars/default/<script>')).problem?.code).toBe('request.invalid')
})

test('nothing but pictures of users and groups is read without a token', async () => {
  const attachment = await alice.upload('photo.jpg', await photo(20, 20))
  const { avatar_url } = (await put(alice, blackPng(2, 2))).body
  for (const id of [crypto.randomUUID(), attachment.id, alice.id]) {
    expect((await see(`/avatars/${id}`)).problem?.code, id).toBe('attachment.not_found')
  }
  // Nor is a picture a file of its owner.
  const id = avatar_url.split('/').at(-1)
  expect((await alice.download(`/attachments/${id}`)).problem?.code).toBe('attachment.not_found')
})

test('another picture takes the place of the first, and the drawn one that of the last', async () => {
  const ada = await world.person('ada')
  const first = (await put(ada, blackPng(2, 2))).body.avatar_url
  const second = (await put(ada, await photo(20, 20))).body.avatar_url
  expect([(await see(first)).problem?.code, (await see(second)).status]).toEqual(['attachment.not_found', 200])
  expect(await kept(ada)).toEqual({ live: 1, blobs: 2, uploads: 0, miscounted: 0 })

  const drawn = `/api/v1/avatars/default/${ada.id}`
  const ear = await listen(ada)
  const told = async () => Number((await psql.query('select seq from streams where id = $1', [ada.id])).rows[0].seq)
  const before = await told()
  for (let round = 1; round <= 2; round++) expect(await outcome(ada.ask('DELETE', MINE))).toBe('204')
  await ear.next('user.updated', (frame) => frame.data.avatar_url === drawn)
  expect(await told()).toBe(before + 1)
  expect((await see(second)).problem?.code).toBe('attachment.not_found')
  expect(await kept(ada)).toEqual({ live: 0, blobs: 2, uploads: 0, miscounted: 0 })
})

test('what is no picture changes nothing and leaves nothing', async () => {
  const eve = await world.person('eve')
  const before = (await put(eve, blackPng(2, 2))).body.avatar_url
  const png = blackPng(300, 300)
  const refused: [string, Uint8Array | string, string][] = [
    ['text', 'I am a picture', '422 attachment.not_an_avatar'],
    ['svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', '422 attachment.not_an_avatar'],
    ['heic', heic(20, 20), '422 attachment.not_an_avatar'],
    ['nothing', '', '422 attachment.not_an_avatar'],
    ['half', png.subarray(0, png.length / 2), '422 attachment.unreadable'],
    ['many pixels', blackPng(20_000, 20_000), '422 attachment.too_many_pixels'],
    ['many frames', gifOfFrames(1_001), '422 attachment.too_many_pixels'],
  ]
  for (const [what, bytes, end] of refused)
    expect([what, await outcome(put(eve, bytes, 'me.png'))]).toEqual([what, end])
  const two = [file(blackPng(2, 2)), file(blackPng(3, 3))]
  expect(await outcome(eve.sendForm(MINE, { note: 'no file' }, 'PUT'))).toBe('400 upload.malformed')
  expect(await outcome(eve.sendForm(MINE, { file: two }, 'PUT'))).toBe('400 upload.malformed')
  expect(await outcome(eve.ask('PUT', MINE, 'text', { 'content-type': 'text/plain' }))).toBe(
    '415 request.unsupported_media_type',
  )
  for (const body of [{}, { attachment_id: 'one' }, { attachment_id: eve.id, more: 1 }]) {
    expect(await outcome(eve.ask('PUT', MINE, body))).toBe('422 request.invalid')
  }
  expect(await urlOf(eve)).toBe(before)
  expect(await kept(eve)).toEqual({ live: 1, blobs: 1, uploads: 0, miscounted: 0 })
})

test('a picture may have as many bytes as an avatar may have, and not one more', async () => {
  const png = blackPng(20, 20)
  const padded = (size: number) => Buffer.concat([png, Buffer.alloc(size - png.length)])
  expect(await outcome(put(alice, padded(LIMIT)))).toBe('200')
  expect(await outcome(put(alice, padded(LIMIT + 1)))).toBe('413 attachment.too_large')
})

test('who has no room left gets no picture', async () => {
  await using small = await startWorld({ MAX_USER_MEDIA_BYTES: '10' })
  const mia = await small.person('mia')
  expect(await outcome(mia.sendForm(MINE, { file: file(blackPng(2, 2)) }, 'PUT'))).toBe('413 attachment.quota_exceeded')
  expect(await urlOf(mia)).toBe(`/api/v1/avatars/default/${mia.id}`)
})

test('a file that was uploaded before becomes a picture, and is used up by it', async () => {
  const lea = await world.person('lea')
  const home = await world.group(lea, bob)
  const uploaded = await lea.upload('photo.jpg', await photo(600, 300), '?keep_metadata=true')
  const { status, body } = await choose(lea, uploaded.id)
  expect(status).toBe(200)
  const { bytes } = await see(body.avatar_url)
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 300, height: 300 })
  expect(bytes.includes('SECRETPLACE')).toBe(false)
  expect((await lea.download(uploaded.url)).problem?.code).toBe('attachment.not_found')
  expect(await outcome(choose(lea, uploaded.id))).toBe('404 attachment.not_found')
  const send = { attachment_ids: [uploaded.id] }
  expect(await outcome(lea.ask('POST', `/conversations/${home.id}/messages`, send))).toBe('404 attachment.not_found')
  expect(await kept(lea)).toMatchObject({ live: 1, uploads: 0, miscounted: 0 })
})

test('only an own picture of the right size that no message has can be chosen', async () => {
  const max = await world.person('max')
  const home = await world.group(max, bob)
  const [linked, theirs] = [
    await max.upload('a.jpg', await photo(20, 20)),
    await bob.upload('b.jpg', await photo(20, 20)),
  ]
  await max.say(home.id, '', { attachment_ids: [linked.id] })
  const text = await max.upload('notes.txt', 'notes')
  const noise = await sharp({
    create: {
      width: 300,
      height: 300,
      channels: 3,
      background: '#000',
      noise: { type: 'gaussian', mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer()
  const large = await max.upload('large.png', noise)
  expect(large.size).toBeGreaterThan(LIMIT)
  const mine = (await put(max, blackPng(2, 2))).body.avatar_url
  const ends: [string, string][] = [
    [linked.id, '409 attachment.in_use'],
    [theirs.id, '404 attachment.not_found'],
    [crypto.randomUUID(), '404 attachment.not_found'],
    [mine.split('/').at(-1), '404 attachment.not_found'],
    [text.id, '422 attachment.not_an_avatar'],
    [large.id, '413 attachment.too_large'],
  ]
  for (const [id, end] of ends) expect([id, await outcome(choose(max, id))]).toEqual([id, end])
  expect(await urlOf(max)).toBe(mine)
  expect(await kept(max)).toMatchObject({ live: 1, uploads: 0, miscounted: 0 })
})

test('of pictures that come at the same time one stays, and of requests for one file one has it', async () => {
  const zoe = await world.person('zoe')
  const pictures = [2, 3, 4, 5].map((side) => blackPng(side, side))
  expect(await outcomes(pictures.map((bytes) => put(zoe, bytes)))).toEqual(Array(4).fill('200'))
  expect(await kept(zoe)).toEqual({ live: 1, blobs: 4, uploads: 0, miscounted: 0 })
  expect((await see(await urlOf(zoe))).status).toBe(200)

  const { id } = await zoe.upload('photo.png', await photo(20, 20))
  const race = await outcomes([1, 2, 3].map(() => choose(zoe, id)))
  expect(race).toEqual(['200', '404 attachment.not_found', '404 attachment.not_found'])
  expect(await kept(zoe)).toMatchObject({ live: 1, uploads: 0, miscounted: 0 })
})

test('a picture goes with its account, also one that comes at the same time', async () => {
  for (let round = 1; round <= 3; round++) {
    const gone = await world.person(`gone${round}`)
    const { avatar_url } = (await put(gone, blackPng(2, 2))).body
    const [, late] = await Promise.all([gone.ask('DELETE', '/users/me'), put(gone, await photo(20, 20))])
    expect(['200', '401 auth.session_ended']).toContain(await outcome(Promise.resolve(late)))
    expect((await see(avatar_url)).problem?.code).toBe('attachment.not_found')
    expect(await kept(gone)).toMatchObject({ live: 0, uploads: 0, miscounted: 0 })
    const { data } = await bob.get(`/users?ids=${gone.id}`)
    expect(data[0].avatar_url).toBe(`/api/v1/avatars/default/${gone.id}`)
  }
})
