// Whom I have blocked: read once it is asked for, then kept by events, which come to all my devices.
import { effect, signal } from '@preact/signals'
import { client, phase, status } from './client.js'

const PAGES_MAX = 20

const blocked = signal<ReadonlySet<string>>(new Set())
let isWanted = false

export function isBlocked(id: string): boolean {
  if (!isWanted) {
    isWanted = true
    read().catch(reportError)
  }
  return blocked.value.has(id)
}

/** @throws EarshotError */
export async function block(user_id: string): Promise<void> {
  await client.call('PUT /blocks/{user_id}', { path: { user_id } })
  set(user_id, true)
}

/** @throws EarshotError */
export async function unblock(user_id: string): Promise<void> {
  await client.call('DELETE /blocks/{user_id}', { path: { user_id } })
  set(user_id, false)
}

client.on('event', ({ type, data }) => {
  if (type === 'block.added' || type === 'block.removed') {
    set((data as { user_id: string }).user_id, type === 'block.added')
  }
})
effect(() => {
  if (phase.value === 'out') {
    blocked.value = new Set()
    isWanted = false
  }
})
// What happened while there was no connection was not heard.
effect(() => {
  if (status.value === 'live' && isWanted) read().catch(reportError)
})

async function read(): Promise<void> {
  const ids = new Set<string>()
  let cursor: string | undefined
  try {
    for (let page = 0; page < PAGES_MAX; page++) {
      const query = { limit: 100, ...(cursor !== undefined && { cursor }) }
      const { data, next_cursor } = await client.call('GET /blocks', { query })
      for (const { user } of data) ids.add(user.id)
      if (next_cursor === null) break
      cursor = next_cursor
    }
    blocked.value = ids
  } catch {
    // With the next connection, then.
  }
}

function set(id: string, isOn: boolean): void {
  const next = new Set(blocked.peek())
  if (isOn) next.add(id)
  else next.delete(id)
  blocked.value = next
}
