// Somebody loses their right to listen while many write, through another node than the one that they are on.
import { expect, test } from 'vitest'
import { CLOSE_CODES } from '../../src/contract/close-codes.js'
import { Ear } from '../support/ear.js'
import { Person } from '../support/person.js'
import { randomOf } from '../support/random.js'
import { PASSWORD } from '../support/world.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '23 Sessions are revoked, members removed and users banned in a burst'

test(`${FAULT}: what comes after it does not reach them (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const [here, there] = [stage.node(0).url, `${stage.node(1).url}/api/v1`]
  // All of them listen at the first node, and lose their right at the second.
  const company = await gather(stage, random, { urls: [here], restMs: 10 })
  const { workload, listeners } = company
  const [room] = workload.rooms
  const [removed, banned] = listeners.map(({ person }) => person)
  if (!room || !removed || !banned) throw new Error('nobody came')
  const { owner, id } = room
  const members = `${there}/conversations/${id}/members`
  const rounds = long(30, 3)
  const late = { removed: 0, banned: 0, revoked: 0 }

  /** The seq of the event that ended the last stay. */
  const endOf = async (person: Person): Promise<number> => {
    const { rows } = await stage.sql.query(
      'select max(to_seq) + 1 as seq from member_spans where conversation_id = $1 and user_id = $2',
      [id, person.id],
    )
    return rows[0].seq
  }
  const lastEvent = async (): Promise<{ id: number; seq: number }> => {
    const { rows } = await stage.sql.query(
      'select (select last_value::int from events_id_seq) as id, seq from streams where id = $1',
      [id],
    )
    return rows[0]
  }

  for (let round = 1; round <= rounds; round++) {
    const ears = { removed: await removed.connect(here), banned: await banned.connect(here) }
    const device = await Person.login(here, removed.name, PASSWORD)
    const lost = await device.connect(here)
    await Promise.all([ears.removed, ears.banned, lost].map((ear) => ear.seen(({ stream }) => stream === id)))

    expect(await owner.ask('DELETE', `${members}/${removed.id}`)).toMatchObject({ status: 204 })
    expect(await owner.ask('PUT', `${there}/conversations/${id}/bans/${banned.id}`, {})).toMatchObject({ status: 200 })
    expect(await removed.ask('DELETE', `${there}/sessions/${device.sessionId}`)).toMatchObject({ status: 204 })
    const revokedAt = await lastEvent()

    await workload.acknowledges(long(60, 30))
    await Promise.all([removed.settled(), banned.settled()])
    const { seq: now } = await lastEvent()
    for (const [name, person] of Object.entries({ removed, banned }) as ['removed' | 'banned', Person][]) {
      const end = await endOf(person)
      late[name] += now - end
      expect(ears[name].isOpen).toBe(true)
      expect(ears[name].stream(id).filter(({ seq = 0 }) => seq >= end)).toEqual([])
      ears[name].cut()
    }
    // Whatever began after the answer has a later id.
    expect(await lost.closed).toMatchObject({ code: CLOSE_CODES.session_ended.code })
    const { rows } = await stage.sql.query('select stream_id as stream, seq from events where id > $1', [revokedAt.id])
    const after = new Set(rows.map(({ stream, seq }) => `${stream}#${seq}`))
    late.revoked += after.size
    expect(lost.frames.filter(({ stream, seq }) => after.has(`${stream}#${seq}`))).toEqual([])
    const again = new Ear(`${here.replace('http', 'ws')}/ws?token=${device.token}`)
    expect(await again.closed).toMatchObject({ code: CLOSE_CODES.session_ended.code })
    expect(again.frames).toEqual([])

    expect(await owner.ask('DELETE', `${there}/conversations/${id}/bans/${banned.id}`)).toMatchObject({ status: 204 })
    const { status } = await owner.ask('POST', members, { user_ids: [removed.id, banned.id] })
    expect(status).toBe(200)
    progress(FAULT, `${round} of ${rounds}, ${workload.acknowledged} acknowledged`)
  }
  // Otherwise there was nothing to be heard.
  expect(Math.min(...Object.values(late))).toBeGreaterThan(rounds)
  await company.end()
  const note = `${rounds} of each; ${late.removed} + ${late.banned} + ${late.revoked} events were not for them`
  await audit(stage, { ...company, fault: FAULT, note })
})
