import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to the database that can be cut, or fall silent. `listen` is called for each connection, what it returns hears what is sent. */
export async function openRelay(databaseUrl: string, listen?: () => (sent: Buffer) => void) {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    if (listen) client.on('data', listen())
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(() => void server.close())
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    cut: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    /** From now on what is open carries nothing any more, as behind a firewall that forgot it; new connections do. */
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    restore: () => once(server.listen(port, '127.0.0.1'), 'listening'),
  }
}
