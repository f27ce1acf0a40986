// Access tokens that end in mid-stream, and what each of the ways to meet that leads to.
import { expect, test } from 'vitest'
import { fetchJson, type Person } from '../support/person.js'
import { fork, randomOf } from '../support/random.js'
import { Returner } from '../support/returner.js'
import { PASSWORD } from '../support/world.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '22 Tokens that expire in mid-stream'
const TTL_S = 3
const GRACE_S = 3

/** Another token of the same session, from this node. */
async function refresh(person: Person, url = person.url): Promise<void> {
  const body = { refresh_token: person.refreshToken }
  const answer = await fetchJson(url, 'POST', '/auth/refresh', { body })
  expect(answer.status).toBe(200)
  Object.assign(person, { token: answer.body.access_token, refreshToken: answer.body.refresh_token })
}

/** Another session of the same user. */
async function signIn({ name }: Person, url: string): Promise<{ token: string; refreshToken: string }> {
  const { status, body } = await fetchJson(url, 'POST', '/auth/login', { body: { login: name, password: PASSWORD } })
  expect(status).toBe(200)
  return { token: body.access_token, refreshToken: body.refresh_token }
}

test(`${FAULT}: who renews stays, who does not is closed and comes back, and nobody misses anything (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 1 })
  const lasting = stage.node(0)
  const names = ['renews', 'late', 'refused', 'never'] as const
  const people = await Promise.all(names.map((name) => stage.person(name, lasting)))
  const company = await gather(stage, random, { listeners: people })
  const { workload } = company
  // Its tokens are brief; those of the other one may be brought to it, when time is not what it is about.
  const brief = await stage.add({ ACCESS_TOKEN_TTL: `${TTL_S}s`, WS_AUTH_GRACE: `${GRACE_S}s` })
  await stage.start(brief)
  const rounds = long(6, 1)
  // Before anybody loads, for a new session is no event.
  const sessions = await Promise.all(Array.from({ length: rounds }, () => signIn(people[2] as Person, lasting.url)))
  const come = async (person: Person) => {
    const own = { person, urls: [brief.url], psql: stage.sql, random: fork(random), batch: random() < 0.5 }
    const client = await Returner.begin(own)
    const following = client.follow()
    await expect.poll(() => client.count, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0)
    return { person, client, following }
  }
  /** Its word over the socket that it has. */
  const say = ({ client }: Awaited<ReturnType<typeof come>>, token: string) => client.command('auth.renew', { token })
  const [renews, late, refused, never] = await Promise.all(people.map(come))
  if (!renews || !late || !refused || !never) throw new Error('somebody has not come')

  const everybody = [renews, late, refused, never]
  /** Everybody has a socket, and hears. */
  const back = async () => {
    const counts = everybody.map(({ client }) => client.count)
    const heardMore = () => everybody.every(({ client }, n) => client.count > (counts[n] ?? 0))
    await expect.poll(heardMore, { timeout: 20_000, interval: 20 }).toBe(true)
  }
  const renew = async (one: typeof renews, url = brief.url) => {
    await refresh(one.person, url)
    expect(await say(one, one.person.token)).toMatchObject({ ok: true })
  }

  for (let round = 1; round <= rounds; round++) {
    const closesOf = ({ client }: typeof renews) => client.closes.length
    let isOver = false
    // Always in time, until the others are through.
    const inTime = async () => {
      while (!isOver) {
        await renew(renews)
        await workload.acknowledges(5)
      }
    }
    // After the end of the token, but within the grace: until then nothing but this is answered.
    const tooLate = async () => {
      const before = closesOf(late)
      const ask = () =>
        late.client.command('receipt.update', { conversation_id: workload.rooms[0]?.id, read_number: 1 })
      await renew(late)
      await expect.poll(async () => (await ask()).error?.code, { timeout: 20_000 }).toBe('auth.token_expired')
      expect((await say(late, late.person.token)).error?.code).toBe('auth.token_expired')
      await renew(late, lasting.url)
      expect((await ask()).ok).toBe(true)
      expect(closesOf(late)).toBe(before)
    }
    // The session ends meanwhile: there is nothing to renew.
    const ended = async () => {
      const before = closesOf(refused)
      expect((await say(refused, never.person.token)).error?.code).toBe('auth.other_session')
      await refused.person.post('/auth/logout')
      await expect.poll(() => refused.client.closes[before], { timeout: 20_000 }).toBe(4501)
      expect((await refused.person.ask('GET', '/users/me')).body.code).toBe('auth.session_ended')
      await workload.acknowledges(20)
      Object.assign(refused.person, sessions.pop())
    }
    // Nothing is brought: it hears on until the grace is over, and comes back with another token.
    const silent = async () => {
      const before = closesOf(never)
      await renew(never)
      await expect.poll(() => never.client.closes[before], { timeout: 20_000 }).toBe(4401)
      await workload.acknowledges(20)
      await refresh(never.person, lasting.url)
    }
    const renewing = inTime()
    renewing.catch(() => undefined)
    // Once the others have tokens that last, for theirs is what they are asked with.
    await ended()
    await Promise.all([tooLate(), silent()]).finally(() => {
      isOver = true
    })
    await renewing
    await renew(renews, lasting.url)
    await back()
    progress(FAULT, `${round} of ${rounds}`)
  }
  expect(renews.client.closes).toEqual([])
  await company.end()
  for (const { client } of everybody) client.leave()
  await Promise.all(everybody.map(({ following }) => following))
  const closed = [4401, 4501].map((code) => brief.metric(`earshot_socket_closes_total{code="${code}"}`))
  const [expired, revoked] = await Promise.all(closed)
  const note = `${rounds} rounds; closed for their token ${expired}, for their session ${revoked} times`
  await audit(stage, { ...company, listeners: [...company.listeners, ...everybody], fault: FAULT, note })
})
