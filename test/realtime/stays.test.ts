// Coming back to where one may no longer be: what was theirs until then, and nothing else, whatever token they have kept.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'

const said = (ear: Ear, stream: string) =>
  ear.stream(stream).flatMap(({ type, data }) => (type === 'message.created' && data.content ? [data.content] : []))

describe.each([
  ['the recent events in memory', {}],
  ['the log', { EVENT_CACHE: '1kB' }],
] as const)('from %s', (_, settings) => {
  let world: World
  let [ann, ben, cleo]: Person[] = []
  beforeAll(async () => {
    world = await startWorld(settings)
    ;[ann, ben, cleo] = await world.people('ann', 'ben', 'cleo')
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const cast = () => ({ ann: ann as Person, ben: ben as Person, cleo: cleo as Person })
  /** Once by socket and once by polling: what was said to them in this conversation since that token. */
  async function heardSince(person: Person, token: string, id: string) {
    await person.position()
    const ear = await person.resume(token)
    const { events } = await person.get(`/sync?since=${token}`)
    const polled = events.filter((event: { stream: string }) => event.stream === id)
    expect(polled.map(({ seq }: { seq: number }) => seq)).toEqual(ear.stream(id).map(({ seq }) => seq))
    return ear
  }

  test('one who was banned hears nothing after it, with an old token and with a new one', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await world.group(ann, ben, cleo)
    const old = await cleo.position()
    await ann.say(id, 'before')
    await ann.ask('PUT', `/conversations/${id}/bans/${cleo.id}`, {})
    await ann.say(id, 'after')
    const ear = await heardSince(cleo, old, id)
    expect(said(ear, id)).toEqual(['before'])
    // As they would have live: the ban comes before the removal that it brings.
    expect(ear.stream(id).map(({ type }) => type)).toEqual(['message.created', 'member.banned'])
    const young = await cleo.position()
    await ann.say(id, 'later')
    expect((await heardSince(cleo, young, id)).stream(id)).toEqual([])
    await ann.delete(`/conversations/${id}/bans/${cleo.id}`)
    expect((await heardSince(cleo, young, id)).stream(id)).toEqual([])
    await ann.post(`/conversations/${id}/members`, { user_ids: [cleo.id] })
    await ann.say(id, 'welcome back')
    for (const token of [old, young]) expect(said(await heardSince(cleo, token, id), id).at(-1)).toBe('welcome back')
    expect(said(await heardSince(cleo, young, id), id)).toEqual(['welcome back'])
    expect(said(await heardSince(cleo, old, id), id)).toEqual(['before', 'welcome back'])
  })

  test('many stays: with a token of before, each of them and nothing between; with one of between, those that follow', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await world.group(ann, ben)
    const tokens: string[] = []
    for (let n = 0; n < 4; n++) {
      tokens.push(await cleo.position())
      await ann.say(id, `out ${n}`)
      await ann.post(`/conversations/${id}/members`, { user_ids: [cleo.id] })
      await ann.say(id, `in ${n}`)
      await ann.delete(`/conversations/${id}/members/${cleo.id}`)
    }
    await ann.say(id, 'out at last')
    for (const [index, token] of tokens.entries()) {
      const ear = await heardSince(cleo, token, id)
      expect(said(ear, id)).toEqual(['in 0', 'in 1', 'in 2', 'in 3'].slice(index))
      expect(ear.all('conversation.left').filter(({ data }) => data.conversation_id === id)).toHaveLength(4 - index)
    }
  })

  test('a stretch is fetched within one stay alone: not across an absence, not of one, not before or after', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await world.group(ann, ben, cleo)
    const seq = async () => (await ann.get(`/conversations/${id}`)).seq as number
    const first = await seq()
    await ann.say(id, 'the first stay')
    await ann.delete(`/conversations/${id}/members/${cleo.id}`)
    await ann.say(id, 'between')
    await ann.post(`/conversations/${id}/members`, { user_ids: [cleo.id] })
    const joined = await seq()
    await ann.say(id, 'the second stay')
    const last = await seq()
    const ear = await cleo.connect()
    const fetch = async (from_seq: number, to_seq: number) => {
      const { ok, data, error } = await ear.command('stream.fetch', { stream: id, from_seq, to_seq })
      return ok ? data.events.map((event: { seq: number }) => event.seq) : error.code
    }
    expect(await fetch(first + 1, first + 1)).toEqual([first + 1])
    for (const [from, to] of [
      [first + 1, last],
      [first + 1, first + 2],
      [first + 2, first + 2],
      [first + 3, first + 3],
      [1, 1],
    ] as const)
      expect(await fetch(from, to), `${from} to ${to}`).toBe('stream.not_found')
    expect(await fetch(joined, last)).toEqual([joined, last])
    expect(await fetch(last + 1, last + 1)).toBe('stream.not_found')
  })

  test('of a group that was deleted nothing is heard after that, whatever still happens to it', async () => {
    const { ann, ben } = cast()
    const dora = await world.person(`dora${Object.keys(settings).length}`)
    const { id } = await world.group(ann, ben, dora)
    const token = await ben.position()
    await ann.say(id, 'the end is near')
    await ann.delete(`/conversations/${id}`)
    const young = await ben.position()
    const { rows } = await (await world.session()).query('select seq::int from streams where id = $1', [id])
    expect((await dora.ask('DELETE', '/users/me', { password: PASSWORD })).status).toBe(204)
    const ear = await heardSince(ben, token, id)
    expect(ear.stream(id).map(({ type }) => type)).toEqual(['message.created', 'conversation.deleted'])
    expect((await heardSince(ben, young, id)).stream(id)).toEqual([])
    const after = { stream: id, from_seq: rows[0].seq + 1, to_seq: rows[0].seq + 1 }
    expect((await ear.command('stream.fetch', after)).error?.code).toBe('stream.not_found')
  })

  test('an account that was deleted and a session that was ended open nothing, and their tokens nobody else’s', async () => {
    const { ann, ben } = cast()
    const finn = await world.person(`finn${Object.keys(settings).length}`)
    const phone = await world.device(finn)
    const { id } = await world.group(ann, ben, finn)
    const token = await finn.position()
    await finn.delete(`/sessions/${phone.sessionId}`)
    await ann.say(id, 'for finn')
    await finn.position()
    const refused = async (person: Person) => {
      const { status } = await person.ask('GET', `/sync?since=${token}`)
      const ear = await person.connect(person.url, { resume: token }).catch(() => undefined)
      expect(ear?.frames ?? []).toEqual([])
      return status
    }
    expect(await refused(phone)).toBe(401)
    expect(said(await heardSince(finn, token, id), id)).toEqual(['for finn'])
    expect((await finn.ask('DELETE', '/users/me', { password: PASSWORD })).status).toBe(204)
    expect(await refused(finn)).toBe(401)
    const other = await ben.resume(token)
    expect(other.all('resync')[0]?.data).toEqual({ reason: 'token' })
    expect(said(other, id)).toEqual([])
  })
})
