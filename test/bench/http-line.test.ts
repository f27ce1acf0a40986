import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HttpLine } from '../../bench/driver/http-line.js'

const GET = { method: 'GET', path: '/', headers: {}, body: '' }

let server: Server
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function serve(answer: RequestListener): Promise<HttpLine> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return HttpLine.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

test('one request after the other goes over one connection, with headers and body', async () => {
  const ports = new Set<number | undefined>()
  const line = await serve(async (request, response) => {
    ports.add(request.socket.remotePort)
    const body = (await request.toArray()).join('')
    response.writeHead(201).end(`${request.method} ${request.url} ${request.headers['x-own']} ${body}`)
  })
  for (const body of ['first', 'sécond']) {
    const answer = await line.ask({ method: 'POST', path: '/a', headers: { 'x-own': 'yes' }, body })
    expect(answer.status).toBe(201)
    expect(answer.body.toString()).toContain(`POST /a yes ${body}`)
  }
  expect(ports.size).toBe(1)
  line.close()
})

test('an answer that comes in pieces is waited for', async () => {
  const long = 'y'.repeat(300_000)
  const line = await serve((_, response) => {
    response.setHeader('content-length', long.length)
    response.write(long.slice(0, 10))
    setImmediate(() => response.end(long.slice(10)))
  })
  expect((await line.ask(GET)).body.toString()).toBe(long)
  line.close()
})

test('one without a length is whole at its last piece', async () => {
  const line = await serve((_, response) => {
    response.write('first')
    setImmediate(() => response.end('second'))
  })
  const { body } = await line.ask(GET)
  expect(body.toString()).toContain('second')
  expect((await line.ask(GET)).status).toBe(200)
  line.close()
})

test('a connection that is cut rejects who waits on it', async () => {
  const line = await serve((request) => void request.socket.destroy())
  await expect(line.ask(GET)).rejects.toThrow()
})
