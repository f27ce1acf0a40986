// Garbage of a Node process is collected when it likes to: what it holds is known only after it has been made to.
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Flag of a process that can be made to. Any free port, on the loopback alone. */
export const INSPECTED = '--inspect=127.0.0.1:0'

/** `inspector`: the address that such a process tells at its start. */
export async function collectGarbage(inspector: string): Promise<void> {
  const socket = new WebSocket(inspector, { perMessageDeflate: false })
  await once(socket, 'open')
  // What was only held by what is now gone goes with the second.
  for (const id of [1, 2]) {
    const answered = once(socket, 'message')
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }))
    await answered
  }
  const closed = once(socket, 'close')
  socket.close()
  await closed
}
