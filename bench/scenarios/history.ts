// The last 50 of a long conversation, read by 8 at once.

import type { Seat } from '../driver/adapters/adapter.js'
import type { Bench, Report } from '../lib/bench.js'
import { check, Figures } from '../lib/figures.js'
import { inTurn } from '../lib/in-turn.js'
import { onStage, perThousand, type Stage } from '../lib/stage.js'
import { earshot } from '../servers/earshot.js'
import { findPeers } from '../servers/peers.js'
import { SOCKET_IO } from '../servers/socket-io.js'

const READERS = 8
const PAGE = 50
const STORED = 100_000
const QUICK_STORED = 10_000

export async function measureHistory(bench: Bench): Promise<Report> {
  const own = earshot()
  const subjects = [own, ...(await findPeers(bench)).filter(({ name }) => name === SOCKET_IO)]
  const stored = bench.quick ? QUICK_STORED : STORED
  const figures = new Figures()
  await inTurn(bench, 'history', subjects, (subject, round) =>
    onStage(bench, subject, { groups: 1, members: 10 }, async (stage) => {
      const [seat] = stage.scene.seats
      await stage.scene.fillHistory?.(seat?.conversations[0] ?? '', stored)
      figures.add(subject.name, round, await readHistory(bench, stage, stage.scene.seats))
    }),
  )
  return {
    title: 'History',
    notes: [`The last ${PAGE} of ${stored.toLocaleString('en')} messages in one conversation, ${READERS} readers.`],
    tables: [{ title: `Pages of ${PAGE}`, figures }],
    checks: [
      check('requests a second', figures.of(own.name, 'requests/s'), { least: 3_500 }),
      check('p99', figures.of(own.name, 'p99 ms'), { most: 8 }, ' ms'),
      ...(subjects.length > 1
        ? [check(`against ${SOCKET_IO}`, figures.ratios('requests/s', own.name, SOCKET_IO), undefined, 'x')]
        : []),
    ],
  }
}

export async function readHistory(bench: Bench, stage: Stage, seats: readonly Seat[]): Promise<Record<string, number>> {
  const read = (seconds: number) =>
    stage.driver.tell('ask', stage.scene.adapter, seats, { what: 'history', at_once: READERS, seconds, bytes: 0 })
  await read(Math.min(3, bench.seconds))
  const { result, cpu } = await stage.measure(() => read(bench.seconds))
  const page: unknown[] = result.first_body === '' ? [] : JSON.parse(result.first_body).data
  if (page.length !== PAGE) bench.wrong(`${stage.name}: a page has ${page.length} messages`)
  if (result.failed + result.odd > 0)
    bench.wrong(`${stage.name}: ${result.failed} reads failed, ${result.odd} differ: ${result.troubles.join('; ')}`)
  return {
    'requests/s': result.answered / result.seconds,
    'p50 ms': result.took.p50,
    'p99 ms': result.took.p99,
    'bytes of a page': result.first_body.length,
    ...perThousand(cpu, result.answered),
  }
}
