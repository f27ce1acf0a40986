// A way to the database on which each statement that is executed is counted, by its text.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type StatementRelay = {
  url: string
  /** Statements for each of `runs` runs of the work. What a node does for itself meanwhile is less than one for each, and left out. */
  during: (runs: number, work: () => Promise<unknown>) => Promise<number>
  stop: () => Promise<void>
}

export async function openStatementRelay(databaseUrl: string): Promise<StatementRelay> {
  const target = new URL(databaseUrl)
  const executed = new Map<string, number>()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    client.on(
      'data',
      readFrontend((text) => executed.set(text, (executed.get(text) ?? 0) + 1)),
    )
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    during: async (runs, work) => {
      executed.clear()
      await work()
      return [...executed.values()].reduce((sum, count) => sum + Math.floor(count / runs), 0)
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** The messages of one connection, in whatever pieces they come. A prepared statement is counted each time it is executed. */
function readFrontend(onStatement: (text: string) => void): (sent: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  // The first message has no type.
  let typeBytes = 0
  let bound = ''
  const texts = new Map<string, string>()
  return (sent) => {
    rest = Buffer.concat([rest, sent])
    while (rest.length >= typeBytes + 4) {
      const end = typeBytes + rest.readInt32BE(typeBytes)
      if (rest.length < end) return
      const type = typeBytes === 0 ? '' : String.fromCharCode(rest[0] ?? 0)
      const [first = '', second = ''] = rest.toString('utf8', typeBytes + 4, end).split('\0')
      if (type === 'Q') onStatement(first)
      else if (type === 'P') texts.set(first, second)
      else if (type === 'B') bound = texts.get(second) ?? ''
      else if (type === 'E') onStatement(bound)
      typeBytes = 1
      rest = rest.subarray(end)
    }
  }
}
