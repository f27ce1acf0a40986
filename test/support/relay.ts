import { onTestFinished } from 'vitest'
import { TcpProxy } from './tcp-proxy.js'

/** A way to the database that can be cut, or fall silent. `listen` is called for each connection, what it returns hears what is sent. */
export async function openRelay(databaseUrl: string, listen?: () => (sent: Buffer) => void) {
  const proxy = await TcpProxy.open(databaseUrl)
  onTestFinished(() => proxy.refuse())
  const ears = new WeakMap<object, (sent: Buffer) => void>()
  if (listen) {
    proxy.intercept = (chunk, from, link) => {
      if (from !== 'client') return false
      const ear = ears.get(link) ?? listen()
      ears.set(link, ear)
      ear(chunk)
      return false
    }
  }
  return {
    url: proxy.through(databaseUrl),
    cut: () => {
      proxy.refuse()
      proxy.cut()
    },
    freeze: () => proxy.freeze(),
    restore: () => proxy.accept(),
  }
}
