// What is wanted one by one is asked for many at a time.
import { phase, status, untilLive } from './client.js'

/**
 * Without a connection it is asked for once there is one; what was refused is not asked for again.
 * @returns what wants an id; `ask` is given `most` of them at a time
 */
export function gather(most: number, ask: (ids: string[]) => Promise<void>): (id: string) => void {
  const wanted = new Set<string>()
  let isAsking = false

  async function askAll(): Promise<void> {
    while (wanted.size > 0) {
      const ids = [...wanted].slice(0, most)
      const forget = () => {
        for (const id of ids) wanted.delete(id)
      }
      try {
        await ask(ids)
        forget()
      } catch {
        // With a connection it is a refusal, and asking again would be one too.
        if (status.peek() === 'live') forget()
        else if (phase.peek() === 'in') await untilLive()
      }
      // What one asked about is nothing for the next one.
      if (phase.peek() !== 'in') wanted.clear()
    }
  }

  return (id) => {
    wanted.add(id)
    if (isAsking) return
    isAsking = true
    queueMicrotask(() => {
      askAll()
        .catch(reportError)
        .finally(() => {
          isAsking = false
        })
    })
  }
}
