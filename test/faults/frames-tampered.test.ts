// The SDK behind something that repeats, swaps, replays, cuts and loses what the server says, while others write.
import { expect, onTestFinished, test } from 'vitest'
import { Earshot } from '../../src/sdk/client.js'
import { REAL_CLOCK } from '../../src/sdk/clock.js'
import { Apps, expectConverged } from '../sdk/support/app.js'
import { until } from '../sdk/support/until.js'
import { fork, pick, randomOf } from '../support/random.js'
import { PASSWORD } from '../support/world.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { FrameRelay } from './support/frame-relay.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

/** Below what the client keeps. */
const UNSENT_MAX = 100
const FAULT = '27 Frames that are repeated, swapped, replayed, cut and lost'
/** From the server, to both of them. */
const MESSAGES = long(20_000, 500)

test(`${FAULT}: the SDK ends with what a fresh load shows, and has sent each message once (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const people = [await stage.person('member'), await stage.person('guest')] as const
  const [member, guest] = people
  const company = await gather(stage, random, { listeners: [member], wanderers: [guest], restMs: 60 })
  const { workload } = company
  using apps = new Apps()
  const relays: FrameRelay[] = []
  const clients: Earshot[] = []
  onTestFinished(() => {
    for (const client of clients) client.stop()
    for (const relay of relays) relay.close()
  })
  for (const { name, url } of people) {
    const relay = await FrameRelay.open(stage.urls, random)
    // It comes back at once, so that most of the time it is there.
    const client = new Earshot({ url, WebSocket: relay.WebSocket }, { ...REAL_CLOCK, random: () => 0 })
    relays.push(relay)
    clients.push(client)
    await client.signIn({ login: name, password: PASSWORD })
    client.start().catch(() => undefined)
  }
  const [hers] = clients
  if (!hers) throw new Error('nobody is there')
  const chance = fork(random)
  const sending: Promise<{ client_id: string | null }>[] = []
  let unsent = 0
  const passed = () => relays.reduce((sum, relay) => sum + relay.passed, 0)
  for (let n = 0; passed() < MESSAGES; n++) {
    const { id } = pick(chance, workload.rooms)
    if (hers.status === 'live' && hers.conversation(id) && unsent < UNSENT_MAX) {
      unsent++
      sending.push(hers.send(id, `through it ${n}`).finally(() => unsent--))
    }
    await workload.acknowledges(5)
    if (n % 100 === 99) progress(FAULT, `${passed()} of ${MESSAGES} messages`)
  }
  for (const relay of relays) relay.tampers = false
  const did = relays.flatMap((relay) => Object.entries(relay.did))
  const count = (name: string) => did.reduce((sum, [what, times]) => sum + (what === name ? times : 0), 0)
  for (const [name] of did) expect(count(name), name).toBeGreaterThan(0)
  const sent = await Promise.all(sending)
  await company.end()
  await until(() => clients.every(({ status }) => status === 'live'))
  // Whatever was lost at the end of a stream shows with the next event of it.
  for (const { id, owner } of workload.rooms) await owner.say(id, 'the end')
  for (const person of people) await person.patch('/users/me', { status_text: 'the end' })

  for (const [n, person] of people.entries()) {
    const client = clients[n]
    if (!client) throw new Error('somebody is gone')
    await expectConverged(apps, person, client, person.name)
    for (const { id } of client.conversations) {
      const timeline = await client.open(id)
      const { data } = await person.get(`/conversations/${id}/messages?limit=50`)
      expect(timeline.messages.slice(-data.length)).toEqual(data)
      const ids = timeline.messages.map((message) => message.client_id ?? message)
      expect(new Set(ids).size).toBe(ids.length)
    }
  }
  const { rows } = await stage.sql.query(
    'select count(*) as count, count(distinct content) as contents from messages where sender_id = $1',
    [member.id],
  )
  expect(rows[0]).toEqual({ count: sent.length, contents: sent.length })
  for (const client of clients) client.stop()
  const note = `${passed()} messages: ${Object.keys(relays[0]?.did ?? {})
    .map((name) => `${count(name)} ${name}`)
    .join(', ')}`
  await audit(stage, { ...company, fault: FAULT, note })
})
