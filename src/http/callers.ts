// Who asks, and by which name they asked for this server: what a proxy says about that counts if the proxy is trusted.
import type { IncomingMessage } from 'node:http'
import proxyAddr from 'proxy-addr'
import type { Caller } from '../realtime/door.js'

export function callerReader(trustedProxies: string[]): (request: IncomingMessage) => Caller {
  const trust = proxyAddr.compile(trustedProxies)
  return (request) => {
    const { headers, socket } = request
    const isProxied = trust(socket.remoteAddress ?? '', 0)
    return {
      address: proxyAddr(request, trust) ?? '',
      host: (isProxied && firstOf(headers['x-forwarded-host'])) || headers.host,
      scheme: isProxied ? firstOf(headers['x-forwarded-proto']) : undefined,
    }
  }
}

/** Each proxy of a chain may add its own: the first one is what the client asked for. */
function firstOf(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? '')
      .split(',', 1)[0]
      ?.trim() || undefined
  )
}
