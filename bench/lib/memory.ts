import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 20

/** What a process holds in memory, in bytes (Linux). */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1_024
}

/** By how many bytes a process is larger at most, while `work` goes on, than it was before. */
export async function growthDuring<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; growth: number }> {
  const before = await residentBytes(pid)
  let peak = before
  let going = true
  const watching = (async () => {
    while (going) {
      peak = Math.max(peak, await residentBytes(pid))
      await delay(EVERY_MS)
    }
  })()
  try {
    const result = await work()
    return { result, growth: Math.max(peak, await residentBytes(pid)) - before }
  } finally {
    going = false
    await watching
  }
}
