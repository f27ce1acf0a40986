// What a crew does with workers that do not stop, do not start, or do not live long.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

type Line = { msg?: string; worker?: number; how?: string; again_in_ms?: number; err?: { message: string } }

/** Until `begun` workers have been ready in all. */
async function watch(kind: string, begun: number): Promise<{ log: Line[]; said: string[] }> {
  const child = spawn(process.execPath, [
    '--import',
    'tsx',
    join(import.meta.dirname, 'crew-process.ts'),
    kind,
    `${begun}`,
  ])
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data
    })
  // All that could still say something have ended.
  await once(child, 'close')
  const lines = output.trim().split('\n')
  return {
    log: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    said: lines.filter((line) => !line.startsWith('{')),
  }
}

test('workers that stop when they are asked have stopped well', async () => {
  expect(await watch('obedient', 2)).toEqual({ log: [], said: ['started: here', 'stopped: true'] })
})

test('one that does not stop in time is killed, and that is not well', async () => {
  const { log, said } = await watch('stubborn', 2)
  expect(log.map(({ msg }) => msg)).toEqual(['workers that have not stopped are killed'])
  expect(said).toEqual(['started: here', 'stopped: false'])
})

test('one that dies again and again is begun anew after growing waits', async () => {
  const { log, said } = await watch('crashing', 6)
  expect(new Set(log.map(({ worker, how }) => `${worker} ${how}`))).toEqual(new Set(['2 exit code 7']))
  expect(log.map(({ again_in_ms }) => again_in_ms).slice(0, 4)).toEqual([0, 100, 200, 400])
  expect(said[0]).toBe('started: here')
})

test('one that cannot start is tried again as long as another one serves', async () => {
  const { log, said } = await watch('limping', 3)
  expect(log.map(({ msg, err }) => [msg, err?.message])).toEqual([
    ['a worker has ended; another one follows', undefined],
    ['a worker could not start', 'Set LEG to a sound one.'],
  ])
  expect(said).toEqual(['started: here', 'stopped: true'])
})
