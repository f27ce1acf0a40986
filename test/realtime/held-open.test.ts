// A transaction that holds event ids open while somebody comes and goes: no token passes what may still come.
import { expect, test } from 'vitest'
import { ResumeTokens } from '../../src/auth/resume-tokens.js'
import { randomOf } from '../support/random.js'
import { Replica } from '../support/replica.js'
import { Returner } from '../support/returner.js'
import { startWorld } from '../support/world.js'

const INSERT = 'insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)'

test.each([
  ['the recent events in memory', {}, 'commit'],
  ['the log', { EVENT_CACHE: '1kB' }, 'commit'],
  ['the recent events in memory', {}, 'rollback'],
  ['the log', { EVENT_CACHE: '1kB' }, 'rollback'],
] as const)('from %s %o: what is held open is heard once it has come to its %s, or never', async (_, settings, end) => {
  await using world = await startWorld(settings)
  const other = await world.addNode(settings)
  const [ann, ben] = await world.people('ann', 'ben')
  const [held, free] = [await world.group(ann, ben), await world.group(ann, ben)]
  const [psql, writer] = [await world.session(), await world.session()]
  const key = (await psql.query(`select value from secrets where name = 'resume_tokens'`)).rows[0].value
  const safeOf = (token: string) => new ResumeTokens(key).verify(ben.id, token)?.safe_id ?? 0
  const urls = [world.node.url, other.url]
  const random = randomOf(1)
  const client = await Returner.begin({ person: ben, urls, psql, random, batch: false })
  const poller = await Returner.begin({ person: ben, urls, psql, random, batch: false })
  await client.visit('resumed')

  await writer.query('begin')
  await writer.query(INSERT, [held.id, ann.id, 'held'])
  const { rows } = await psql.query('select last_value::int as id from events_id_seq')
  const ear = await ben.connect()
  const tokens: string[] = []
  for (let n = 0; n < 6; n++) {
    await ann.say(free.id, `meanwhile ${n}`)
    await ear.next('message.created', ({ data }) => data.content === `meanwhile ${n}`)
    tokens.push((await ben.get('/sync')).resume)
    // A token that was taken while it is open gives another one that does not pass it either.
    const back = await ben.resume(tokens.at(-1) ?? '', urls[n % 2])
    tokens.push((await back.next('checkpoint', () => true)).data.resume)
    back.cut()
    await client.visit(n % 2 === 0 ? 'resumed' : 'news')
    await poller.visit('poll')
  }
  for (const token of tokens) expect(safeOf(token)).toBeLessThan(rows[0].id)
  await writer.query(end)
  await ann.say(held.id, 'after it')
  // While nobody was there: each token still leads to it.
  const wanted = end === 'commit' ? ['held', 'after it'] : ['after it']
  await ben.position()
  for (const token of tokens) {
    const back = await ben.resume(token, other.url)
    await back.seen(({ data }) => data?.content === 'after it')
    expect(back.stream(held.id).map(({ data }) => data.content)).toEqual(wanted)
    back.cut()
  }
  expect(safeOf(await ben.position())).toBeGreaterThan(rows[0].id)
  for (const one of [await client.arrive(), await poller.pollOnce()]) {
    expect(one.picture()).toEqual((await Replica.load(ben)).picture())
  }
  await client.compareWithLog()
  await poller.compareWithLog()
})
