// A server before the server, whose page is that of another build; all else it passes on. So two builds are held against each other
// on one database.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { extname, join } from 'node:path'

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html' }

export class Front {
  readonly url: string
  readonly #server: ReturnType<typeof createServer>

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** `folder`: as `npm run build:web` fills it. */
  static async open(target: string, folder: string): Promise<Front> {
    const { hostname, port } = new URL(target)
    const server = createServer((asked, answer) => {
      const file = fileOf(asked.url ?? '')
      if (file !== undefined) {
        readFile(join(folder, file)).then(
          (bytes) => answer.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? '' }).end(bytes),
          () => answer.writeHead(404).end(),
        )
        return
      }
      const { method, url, headers } = asked
      const passed = request({ hostname, port, method, path: url, headers }, (found) => {
        answer.writeHead(found.statusCode ?? 502, found.headers)
        found.pipe(answer)
      })
      passed.on('error', () => answer.destroy())
      asked.pipe(passed)
    })
    server.on('upgrade', (asked: IncomingMessage, near: Socket, head: Buffer) => {
      const far = connect(Number(port), hostname)
      const lines = asked.rawHeaders.flatMap((name, at) => (at % 2 ? [] : [`${name}: ${asked.rawHeaders[at + 1]}`]))
      far.write(`GET ${asked.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      far.write(head)
      for (const socket of [near, far]) socket.setNoDelay().on('error', () => undefined)
      near.pipe(far).pipe(near)
      near.once('close', () => far.destroy())
      far.once('close', () => near.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Front(server)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Undefined for what is the server's. */
function fileOf(url: string): string | undefined {
  const [path = ''] = url.split('?')
  if (/^\/assets\/[\w.-]+$/.test(path)) return path
  return /^\/(sign-in|sign-up|c\/[^/]+)?$/.test(path) ? 'index.html' : undefined
}

export type Build = { name: string; url: string; close: () => Promise<void> }

/** What is measured in turn: the page as it is served, or, by the same way, another one and the one that is built. */
export async function openBuilds(target: string, before: string | undefined): Promise<Build[]> {
  if (before === undefined) return [{ name: 'now', url: target, close: async () => undefined }]
  const builds: Build[] = []
  for (const [name, folder] of [
    ['before', before],
    ['now', join(import.meta.dirname, '../../dist/web')],
  ] as const) {
    const front = await Front.open(target, folder)
    builds.push({ name, url: front.url, close: () => front.close() })
  }
  return builds
}
