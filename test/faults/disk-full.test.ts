// No space is left: where the tables are, which PostgreSQL survives, and where its log is, which it does not.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { canMount, mountTmpfs } from '../support/small-disk.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { fill } from './support/filler.js'
import { PostgresServer } from './support/postgres-server.js'
import { Prober } from './support/prober.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

/** Little log, so that a small disk holds it. */
const POSTGRES = { min_wal_size: '32MB', max_wal_size: '64MB' }
const WHERE = canMount ? '' : ' (passed over: only root can mount a small disk)'

const DATA = '16 The disk of the tables is full'
test.skipIf(!canMount)(
  `${DATA}: writes are refused, reads and sockets go on, and all recovers (SEED=${SEED})${WHERE}`,
  async () => {
    const [data, log] = [await mountTmpfs('size=200m'), await mountTmpfs('size=200m')]
    const server = await PostgresServer.create(POSTGRES, data)
    await server.moveLog(log)
    const stage = await Stage.open({ nodes: long(2, 1), server })
    const company = await gather(stage, randomOf(SEED))
    const prober = await Prober.begin(stage)
    const filler = join(data, 'filler')
    const rounds = long(3, 1)
    for (let round = 1; round <= rounds; round++) {
      await company.workload.acknowledges(40)
      await fill(filler)
      const text = Array.from({ length: 100 }, () => crypto.randomUUID()).join(' ')
      const { body } = await prober.refused(() => prober.write(text))
      expect(body.code).toBe('unavailable')
      // What is small may still find room, and then nobody knows of the next that does not.
      const health = async () => {
        await prober.refused(() => prober.write(text))
        const { status, services } = await stage.node(0).health()
        const { writes, reason } = services.database
        return { status, writes, reason }
      }
      const full = { status: 'degraded', writes: 'down', reason: 'disk_full' }
      await expect.poll(health, { timeout: 20_000 }).toEqual(full)
      expect((await prober.read()).status).toBe(200)
      expect(await prober.ear.command('ping')).toMatchObject({ ok: true })
      expect(server.output).toMatch(/could not extend file.*No space left on device/)
      expect(server.output).not.toContain('PANIC')
      await rm(filler)
      progress(DATA, `full ${round} of ${rounds} times`)
    }
    await company.workload.acknowledges(40)
    expect((await prober.write()).status).toBe(201)
    await prober.hears()
    await company.end()
    await audit(stage, { ...company, fault: DATA, note: `${rounds} times full` })
  },
)

const LOG = '16 The disk of the log is full'
test.skipIf(!canMount)(
  `${LOG}: PostgreSQL ends itself, sockets stay, and nothing is lost (SEED=${SEED})${WHERE}`,
  async () => {
    const log = await mountTmpfs('size=128m')
    const server = await PostgresServer.create(POSTGRES)
    await server.moveLog(log)
    const stage = await Stage.open({ nodes: long(2, 1), server })
    const company = await gather(stage, randomOf(SEED))
    const prober = await Prober.begin(stage)
    const filler = join(log, 'filler')
    const rounds = long(3, 1)
    for (let round = 1; round <= rounds; round++) {
      await company.workload.acknowledges(40)
      await fill(filler)
      // The segments that were made before are soon used up.
      while (!server.output.includes('PANIC')) await server.query('select pg_switch_wal()').catch(() => undefined)
      expect(server.output).toMatch(/PANIC:.*No space left on device/)
      await prober.refused()
      expect(prober.ear.isOpen).toBe(true)
      await rm(filler)
      // It has ended itself, or is trying again.
      await server.stop('SIGQUIT')
      await server.start()
      progress(LOG, `full ${round} of ${rounds} times`)
    }
    await company.workload.acknowledges(40)
    await prober.hears()
    await company.end()
    await audit(stage, { ...company, fault: LOG, note: `${rounds} times full` })
  },
)
