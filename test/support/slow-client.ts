// A client that sends a form byte by byte, as slowly as a test likes, and may vanish in the middle.
import { connect, type Socket } from 'node:net'
import type { Person } from './person.js'

const BOUNDARY = 'earshot-test'

type SlowForm = {
  write(bytes: Uint8Array | string): Promise<void>
  /** Ends the form as it should. */
  finish(): Promise<void>
  /** Everything that the server has answered, once it has closed the connection or answered in full. */
  answer(): Promise<string>
  vanish(): Promise<void>
}

/** The head of the request and of its one file are sent; nothing is said of how long it will be. */
export async function openForm(person: Person, path: string, filename: string): Promise<SlowForm> {
  const { hostname, port } = new URL(person.url)
  const socket: Socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  let heard = ''
  let onHeard: () => void = () => undefined
  socket.on('data', (chunk) => {
    heard += chunk
    onHeard()
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const raw = (bytes: Uint8Array | string) =>
    new Promise<void>((resolve) => {
      socket.write(bytes, () => resolve())
    })
  const write = async (bytes: Uint8Array | string) => {
    await raw(`${Buffer.byteLength(bytes).toString(16)}\r\n`)
    await raw(bytes)
    await raw('\r\n')
  }
  await raw(
    `POST /api/v1${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${person.token}\r\n` +
      `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\nConnection: close\r\n` +
      'Transfer-Encoding: chunked\r\n\r\n',
  )
  await write(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n` +
      'Content-Type: image/png\r\n\r\n',
  )
  return {
    write,
    finish: async () => {
      await write(`\r\n--${BOUNDARY}--\r\n`)
      await raw('0\r\n\r\n')
    },
    answer: async () => {
      const isWhole = () => heard.includes('\r\n\r\n') && /"request_id":|"id":/.test(heard)
      await Promise.race([
        closed,
        new Promise<void>((resolve) => {
          onHeard = () => {
            if (isWhole()) resolve()
          }
          onHeard()
        }),
      ])
      return heard
    },
    vanish: async () => {
      socket.resetAndDestroy()
      await closed
    },
  }
}
