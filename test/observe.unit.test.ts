import { expect, test } from 'vitest'
import { createMetrics, mergeExposed } from '../src/observe.js'

const expose = async (worker: string) => {
  const metrics = createMetrics()
  metrics.sockets.set(Number(worker) * 10)
  metrics.requests.observe({ method: 'GET', route: '/x', status: 200 }, 0.2)
  return (await metrics.expose({ worker })).text
}

test('what several processes expose is one text: each series is there, each name is described once', async () => {
  const [first, second] = [await expose('1'), await expose('2')]
  const lines = (text: string) => text.split('\n').filter((line) => line !== '')
  const merged = lines(mergeExposed([first, second]))
  const isSeries = (line: string) => !line.startsWith('#')
  expect(merged.filter(isSeries).sort()).toEqual([...lines(first), ...lines(second)].filter(isSeries).sort())
  expect(merged.filter((line) => !isSeries(line))).toEqual(lines(first).filter((line) => !isSeries(line)))
  // Below its own description, as the format wants it.
  const at = merged.indexOf('# TYPE earshot_sockets gauge')
  expect(merged.slice(at + 1, at + 3)).toEqual(['earshot_sockets{worker="1"} 10', 'earshot_sockets{worker="2"} 20'])
})

test('of one process alone it is what that process says', async () => {
  const text = await expose('1')
  expect(mergeExposed([text])).toBe(text)
})

test('a series bears no worker where there is one process', async () => {
  const metrics = createMetrics()
  metrics.sockets.set(3)
  const { text } = await metrics.expose()
  expect(text).toMatch(/^earshot_sockets 3$/m)
  expect(text).not.toContain('worker=')
})
