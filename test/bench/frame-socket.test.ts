import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { FrameSocket } from '../../bench/driver/frame-socket.js'

let server: WebSocketServer
let url: string
beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/path?token=yes`
})
afterEach(() => {
  for (const socket of server.clients) socket.terminate()
  server.close()
})

/** Both ends of one. */
async function open() {
  const texts: string[] = []
  let tell = () => {}
  const arrived = async (count: number) => {
    while (texts.length < count) await new Promise<void>((resolve) => (tell = resolve))
    return texts
  }
  let onClose = (_: number) => {}
  const closed = new Promise<number>((resolve) => (onClose = resolve))
  const connection = once(server, 'connection')
  const near = await FrameSocket.open(url, {
    onText: (frame) => {
      texts.push(frame.toString())
      tell()
    },
    onClose: (code) => onClose(code),
  })
  const [far, request] = (await connection) as [WebSocket, { url: string }]
  return { near, far, request, arrived, closed }
}

test('texts of every length go both ways, as they are', async () => {
  const { near, far, request, arrived } = await open()
  expect(request.url).toBe('/path?token=yes')
  const texts = ['', 'é', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_535), 'x'.repeat(65_536), 'x'.repeat(600_000)]
  for (const text of texts) far.send(text)
  expect(await arrived(texts.length)).toEqual(texts)
  for (const text of texts) {
    const message = once(far, 'message')
    near.send(text)
    expect(String((await message)[0])).toBe(text)
  }
})

test('thousands of frames at once come whole and in order, whatever they are cut into', async () => {
  const { far, arrived } = await open()
  const texts = Array.from({ length: 5_000 }, (_, index) => `${index}:${'y'.repeat(index % 700)}`)
  for (const text of texts) far.send(text)
  expect(await arrived(texts.length)).toEqual(texts)
})

test('a ping is answered', async () => {
  const { far } = await open()
  const pong = once(far, 'pong')
  far.ping('are you there')
  expect(String((await pong)[0])).toBe('are you there')
})

test('the code of a close is told, and a cut is told as one', async () => {
  const first = await open()
  first.far.close(4_401)
  expect(await first.closed).toBe(4_401)
  const second = await open()
  second.far.terminate()
  expect(await second.closed).toBe(1_006)
})

test('a server that takes no sockets is an error', async () => {
  const hearing = { onText: () => undefined, onClose: () => undefined }
  const plain = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
  await once(plain, 'listening')
  const { port } = plain.address() as AddressInfo
  await expect(FrameSocket.open(`ws://127.0.0.1:${port}/`, hearing)).rejects.toThrow('no socket')
  plain.closeAllConnections()
  plain.close()
  await once(plain, 'close')
  await expect(FrameSocket.open(`ws://127.0.0.1:${port}/`, hearing)).rejects.toThrow('ECONNREFUSED')
})
