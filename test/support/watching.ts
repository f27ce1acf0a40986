// Somebody who watches somebody: what the tests of presence have in common.
import type { Client } from 'pg'
import type { UserPresence } from '../../src/contract/presence.js'
import type { Clock } from './clock.js'
import type { Ear } from './ear.js'
import { fetchJson, type Person } from './person.js'
import type { World } from './world.js'

export type Scene = {
  alice: Person
  bob: Person
  home: string
  ear: Ear
  mark: () => Promise<void>
  marker: Person
  n: number
}

let round = 0

/**
 * Alice watches Bob, and a third one by whom she can tell that everything before was said: what must not be heard is
 * waited out by `mark`, a change of that one.
 */
export async function watchScene(world: World, clock: Clock): Promise<Scene> {
  const n = ++round
  const [alice, bob, marker] = await world.people(`alice${n}`, `bob${n}`, `marker${n}`)
  const { id: home } = await world.group(alice, bob)
  await alice.post('/conversations', { type: 'direct', user_ids: [marker.id] })
  const ear = await alice.connect()
  await ear.command('presence.watch', { user_ids: [bob.id, marker.id] })
  const isTold = (status: string) =>
    ear.next('presence.changed', ({ data }) => data.user_id === marker.id && data.status === status)
  // What is set is shown however idle they are: nothing else is told of them.
  await put(marker, { status: 'away' })
  await marker.connect()
  await isTold('away')
  const mark = async () => {
    // Twice: in the time of the first, the sweep has written what had changed before.
    for (const status of ['busy', 'away']) {
      clock.pass(2)
      await put(marker, { status })
      await isTold(status)
    }
  }
  return { alice, bob, home, ear, mark, marker, n }
}

export const heardOf = (ear: Ear, person: Person) =>
  ear.all('presence.changed').flatMap((frame) => (frame.data.user_id === person.id ? [frame.data] : []))
export const statusesOf = (ear: Ear, person: Person) => heardOf(ear, person).map((data) => data.status)
export const statusFor = async (reader: Person, about: Person) =>
  (await reader.get(`/users/presence?ids=${about.id}`)).data[0]
export const nextOf = async (ear: Ear, person: Person) =>
  (await ear.next('presence.changed', (frame) => frame.data.user_id === person.id)).data
export const put = (person: Person, input: object) => person.ask('PUT', '/users/me/presence', input)

/** The same through a certain node. */
export async function seenThrough({ url }: { url: string }, reader: Person, about: Person): Promise<UserPresence> {
  const headers = { authorization: `Bearer ${reader.token}` }
  const { body } = await fetchJson<{ data: UserPresence[] }>(url, 'GET', `/users/presence?ids=${about.id}`, { headers })
  return body.data[0] as UserPresence
}

/** What the leases say of somebody, each node's word. */
export async function leasesOf(session: Client, person: Person): Promise<string[]> {
  const { rows } = await session.query('select state from presence_leases where user_id = $1 order by state', [
    person.id,
  ])
  return rows.map(({ state }) => state)
}

/** One more socket of the watcher, through another node. */
export async function watchThrough({ url }: { url: string }, { alice, bob }: Scene): Promise<Ear> {
  const ear = await alice.connect(url)
  await ear.command('presence.watch', { user_ids: [bob.id] })
  return ear
}
