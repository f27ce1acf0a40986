import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CpuMeter, proportionalBytes } from '../../bench/lib/processes.js'

// Works for as long as it is told, says so, and lives on.
const BUSY = `
  process.stdin.on('data', (data) => {
    const end = Date.now() + Number(data)
    while (Date.now() < end);
    console.log('done')
  })
  console.log('ready')`

let child: ChildProcess

beforeAll(async () => {
  child = spawn(process.execPath, ['-e', BUSY], { stdio: ['pipe', 'pipe', 'inherit'] })
  await said()
})
afterAll(() => {
  child.kill()
})

async function said(): Promise<void> {
  await once(createInterface({ input: child.stdout! }), 'line')
}

test.skipIf(process.platform !== 'linux')('who works is told from who does not', async () => {
  const meter = new CpuMeter({ worker: [child.pid ?? 0], nobody: [] })
  child.stdin?.write('300')
  await said()
  const used = meter.read()
  // On a busy machine it gets less of these 300 ms, but never nothing, and never more.
  expect(used.worker).toBeGreaterThan(0.02)
  expect(used.worker).toBeLessThan(0.4)
  expect(used.nobody).toBe(0)
  expect(used.others).toBeGreaterThanOrEqual(0)
})

test.skipIf(process.platform !== 'linux')('a family is more than its head', () => {
  const [own, whole] = [proportionalBytes([child.pid ?? 0]), proportionalBytes([process.pid])]
  expect(own).toBeGreaterThan(5 * 2 ** 20)
  // This process is the parent of that one.
  expect(whole).toBeGreaterThan(own)
})

test('a process that is gone has nothing', async () => {
  const gone = spawn(process.execPath, ['-e', ''])
  await once(gone, 'exit')
  expect(proportionalBytes([gone.pid ?? 0])).toBe(0)
})
