// Five devices of one user: three sockets, one that polls, one that is cut again and again. They say, read, pin, archive and mute
// at the same time, and end with one picture.
import { expect, test } from 'vitest'
import { randomOf, upTo } from '../support/random.js'
import { Replica } from '../support/replica.js'
import { Returner } from '../support/returner.js'
import { startWorld } from '../support/world.js'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))

test(`five devices of one user agree with each other and with a fresh load (SEED=${SEED})`, async () => {
  await using world = await startWorld({ EVENT_CACHE: SEED % 2 === 0 ? '1kB' : '16MB' })
  const other = await world.addNode()
  const [ann, ben, cleo] = await world.people('ann', 'ben', 'cleo')
  const homes = [
    await world.group(ann, ben, cleo),
    await world.group(ben, ann, cleo),
    await world.group(cleo, ann, ben),
  ]
  const devices = [ann]
  while (devices.length < 5) devices.push(await world.device(ann, devices.length % 2 === 0 ? world.node : other))
  const [one, two, three, polling, cut] = devices as [typeof ann, typeof ann, typeof ann, typeof ann, typeof ann]
  const random = randomOf(SEED)
  const psql = await world.session()
  const listeners = await Promise.all(
    [one, two, three].map(async (person) => ({ person, ...(await Replica.open(person)) })),
  )
  const urls = [world.node.url, other.url]
  const poller = await Returner.begin({ person: polling, urls, psql, random, batch: false })
  const returner = await Returner.begin({ person: cut, urls, psql, random, batch: true })

  const act = async (device: typeof ann) => {
    const at = `/conversations/${homes[upTo(random, 2)]?.id}`
    const number = 1 + upTo(random, 80)
    const chance = random() * 100
    if (chance < 25) await device.ask('POST', `${at}/messages`, { content: `${random()}` })
    else if (chance < 50) await device.ask('PUT', `${at}/receipts`, { read_number: number })
    else if (chance < 60) await device.ask('PUT', `${at}/unread`, { from_number: number })
    else if (chance < 70) await device.ask('PATCH', `${at}/me`, { pinned: random() < 0.5, alias: `${number}` })
    else if (chance < 82) await device.ask('PATCH', `${at}/me`, { archived: random() < 0.7 })
    else if (chance < 92) {
      const muted_until = random() < 0.5 ? null : new Date(Date.now() + 3_600_000).toISOString()
      await device.ask('PATCH', `${at}/me`, { muted_until })
    } else await device.ask('PATCH', '/users/me', { bio: `${random()}` })
  }
  let isOver = false
  const acting = [...devices, ...devices].map(async (device) => {
    for (let n = 0; n < 30; n++) await act(device)
  })
  const others = [ben, cleo].map(async (person) => {
    for (let n = 0; n < 40; n++) await person.say(homes[upTo(random, 2)]?.id ?? '', `${person.name} ${n}`)
  })
  const coming = (async () => {
    while (!isOver) {
      await returner.visit(random() < 0.5 ? 'news' : 'resumed')
      await poller.visit('poll')
    }
  })()
  await Promise.all([...acting, ...others])
  isOver = true
  await coming

  const pictures: unknown[] = []
  for (const { person, replica, ear } of listeners) {
    await person.settled()
    for (const frame of ear.frames) await replica.apply(frame)
    pictures.push(replica.picture())
  }
  pictures.push((await returner.arrive()).picture(), (await poller.pollOnce()).picture())
  // The last word of the profile was the mark by which one of them knew that it had heard everything.
  const fresh = (await Replica.load(ann)).picture()
  const withoutMark = (picture: unknown) => ({
    ...(picture as object),
    me: { ...(picture as { me: object }).me, status_text: '' },
  })
  for (const picture of pictures) expect(withoutMark(picture)).toEqual(withoutMark(fresh))
  await returner.compareWithLog()
  await poller.compareWithLog()
}, 60_000)
