// Five devices of one user: three sockets, one that polls, one that is cut again and again. They say, read, pin, archive and mute
// at the same time, and end with one picture.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Person } from '../support/person.js'
import { fork, pick, type Random, randomOf, upTo } from '../support/random.js'
import { Replica } from '../support/replica.js'
import { Returner } from '../support/returner.js'
import { PASSWORD } from '../support/world.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '26 Five devices of one user'

test(`${FAULT}: they agree with each other, with a recount and with a fresh load (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({
    nodes: 2,
    each: (index) => (index === 0 ? {} : { settings: { EVENT_CACHE: '1kB' } }),
  })
  const company = await gather(stage, random)
  const { workload } = company
  const [ann, ben, cleo] = await Promise.all(['ann', 'ben', 'cleo'].map((name) => stage.person(name)))
  if (!ann || !ben || !cleo) throw new Error('nobody is there')
  const listening = company.listeners.map(({ person }) => person)
  const homes = [
    await stage.group(ann, ben, cleo, ...listening),
    await stage.group(ben, ann, cleo, ...listening),
    await stage.group(cleo, ann, ben),
  ].map(({ id }) => id)
  const more = await Promise.all([1, 2, 3, 4].map((n) => device(stage, ann, n)))
  const devices = [ann, ...more]
  const [polling, cut] = more
  const still = devices.filter((one) => one !== polling && one !== cut)
  if (!polling || !cut) throw new Error('there are not enough devices')
  const live = await Promise.all(still.map(async (person) => ({ person, ...(await Replica.open(person)) })))
  const own = { urls: stage.urls, psql: stage.sql }
  const poller = await Returner.begin({ ...own, person: polling, random: fork(random), batch: false })
  const returner = await Returner.begin({ ...own, person: cut, random: fork(random), batch: true })

  const acts = long(400, 25)
  const state = { isOver: false, done: 0 }
  // Two hands each.
  const acting = [...devices, ...devices].map(async (person) => {
    const chance = fork(random)
    for (let n = 0; n < acts; n++) {
      const home = pick(chance, homes)
      const read_number = await act(person, home, chance)
      if (read_number !== undefined) workload.reads.push({ conversation: home, user: ann.id, read_number })
      if (++state.done % 500 === 0) progress(FAULT, `${state.done} of ${10 * acts} acts`)
    }
  })
  const others = [ben, cleo].map(async (person) => {
    const chance = fork(random)
    for (let n = 0; n < acts; n++)
      await until(person, 'POST', `/conversations/${pick(chance, homes)}/messages`, text(chance))
  })
  const coming = (async () => {
    while (!state.isOver) {
      await returner.visit(random() < 0.5 ? 'news' : 'resumed')
      await poller.visit('poll')
    }
  })()
  await Promise.all([...acting, ...others])
  state.isOver = true
  await coming
  await company.end()
  expect(returner.did.resumed + returner.did.resync).toBeGreaterThan(1)

  const pictures: unknown[] = []
  for (const { person, replica, ear } of live) {
    await person.settled()
    for (const frame of ear.frames) await replica.apply(frame)
    pictures.push(withoutMark(replica.picture()))
  }
  pictures.push(withoutMark((await poller.pollOnce()).picture()))
  const fresh = withoutMark((await Replica.load(ann)).picture())
  for (const picture of pictures) expect(picture).toEqual(fresh)
  await expectRecount(stage, ann)
  const listeners = [...company.listeners, { person: polling, client: poller }, { person: cut, client: returner }]
  const { resumed } = returner.did
  await audit(stage, {
    ...company,
    listeners,
    fault: FAULT,
    note: `${state.done} acts, one device came back ${resumed} times`,
  })
})

async function device(stage: Stage, { name, patience }: Person, index: number): Promise<Person> {
  const one = await Person.login(stage.node(index % stage.nodes.length).url, name, PASSWORD)
  one.patience = patience
  stage.people.push(one)
  return one
}

/** One thing that somebody does; where they have certainly read to since, if that is known. */
async function act(person: Person, home: string, random: Random): Promise<number | undefined> {
  const at = `/conversations/${home}`
  const number = 1 + upTo(random, 80)
  const chance = random() * 100
  if (chance < 25) await until(person, 'POST', `${at}/messages`, text(random))
  else if (chance < 50) return (await until(person, 'PUT', `${at}/receipts`, { read_number: number })).read_number
  // Refused beyond what was said.
  else if (chance < 60) await person.ask('PUT', `${at}/unread`, { from_number: number })
  else if (chance < 70) await until(person, 'PATCH', `${at}/me`, { pinned: random() < 0.5, alias: `${number}` })
  else if (chance < 82) await until(person, 'PATCH', `${at}/me`, { archived: random() < 0.7 })
  else if (chance < 92) {
    const muted_until = random() < 0.5 ? null : new Date(Date.now() + 3_600_000).toISOString()
    await until(person, 'PATCH', `${at}/me`, { muted_until })
  } else await until(person, 'PATCH', '/users/me', { bio: `${random()}` })
  return undefined
}

/** Asks again while it is asked to. */
// biome-ignore lint/suspicious/noExplicitAny: what the route answers
async function until(person: Person, method: string, path: string, body: object): Promise<any> {
  for (;;) {
    const answer = await person.ask(method, path, body)
    if (answer.status < 300) return answer.body
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 503 })
    await delay(20)
  }
}

/** The same one however often it has to be sent. */
const text = (random: Random) => ({ content: `${random()}`, client_id: crypto.randomUUID() })

/** The last word of the profile was the mark by which one of them knew that it had heard everything. */
function withoutMark(picture: unknown): unknown {
  const { me, ...rest } = picture as { me: object }
  return { ...rest, me: { ...me, status_text: '' } }
}

/** What is unread is what a count of the messages finds. */
async function expectRecount(stage: Stage, person: Person): Promise<void> {
  const { rows } = await stage.sql.query(
    `select m.conversation_id as id, count(x.id) as unread
     from members m
     left join messages x on x.conversation_id = m.conversation_id and x.number >= coalesce(m.unread_from, m.read_number + 1)
     where m.user_id = $1 group by 1 order by 1`,
    [person.id],
  )
  const { data } = await person.get('/conversations?archived=include&limit=100')
  const shown = data.map((one: { id: string; me: { unread_count: number } }) => ({
    id: one.id,
    unread: one.me.unread_count,
  }))
  expect(shown.sort((a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id))).toEqual(rows)
}
