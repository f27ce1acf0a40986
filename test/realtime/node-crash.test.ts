// A node dies in the middle of everything, as hard as it can: its clients go on at another one, and have lost nothing.
import { expect, test } from 'vitest'
import { startProcess } from '../support/process-node.js'
import { randomOf } from '../support/random.js'
import { Replica } from '../support/replica.js'
import { Returner } from '../support/returner.js'
import { startWorld } from '../support/world.js'

test('kill -9 of a node: its clients go on at another one with their tokens, and miss nothing', async () => {
  await using world = await startWorld()
  const dying = await startProcess(world)
  const psql = await world.session()
  const people = await world.people('ann', 'ben', 'cleo', 'dan', 'eve', 'finn')
  const [ann, ben] = people
  const homes = [await world.group(ann, ...people.slice(1)), await world.group(ben, ...people.slice(2))]
  const clients = await Promise.all(
    people.map(async (person, seed) => ({
      person,
      client: await Returner.begin({
        ...{ person, psql, random: randomOf(seed), batch: seed % 2 === 0 },
        urls: [dying.url, world.node.url],
      }),
    })),
  )
  let isOver = false
  const said: string[] = []
  const writing = people.map(async (person, index) => {
    const { id } = homes[person === ann ? 0 : index % 2] as { id: string }
    for (let n = 0; !isOver; n++) {
      const message = await person.say(id, `${person.name} ${n}`)
      said.push(message.id)
      if (n % 5 === 4) await person.patch(`/messages/${message.id}`, { content: `${person.name} ${n} again` })
      if (n % 7 === 6) await person.ask('PUT', `/conversations/${id}/receipts`, { read_number: message.number })
    }
  })
  const until = async (count: number) => {
    while (said.length < count) await new Promise(setImmediate)
  }
  const staying = clients.map(({ client }) => client.stay())
  await until(100)
  await dying.kill()
  await Promise.all(staying)
  await until(said.length + 100)
  isOver = true
  await Promise.all(writing)

  for (const { person, client } of clients) {
    const replica = await client.arrive()
    expect(replica.picture(), person.name).toEqual((await Replica.load(person)).picture())
    await client.compareWithLog()
  }
  const { rows } = await psql.query(`select count(*)::int as count from messages where sender_id is not null`)
  expect(rows).toEqual([{ count: said.length }])
})
