// A bare `ws`: what anybody says goes to everybody, in frames of FRAME_BYTES. With WAY=finished the frame is made once and its
// bytes are written to each socket, which is the least that can be done; with WAY=send each socket is given the text.
import type { AddressInfo, Socket } from 'node:net'
import * as library from 'ws'

const { FRAME_BYTES = '700', WAY = 'finished' } = process.env

/** What the types of `ws` do not tell. */
type Sender = { frame: (data: Buffer, options: object) => Buffer[] }
type WithSocket = library.WebSocket & { _socket: Socket }

const { Sender } = library as unknown as { Sender: Sender }
const server = new library.WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })

server.on('connection', (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (text) => tellAll(Buffer.from(String(text).padEnd(Number(FRAME_BYTES)))))
})
server.on('listening', () => console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`))

function tellAll(payload: Buffer): void {
  if (WAY === 'send') {
    for (const socket of server.clients) socket.send(payload, { binary: false })
    return
  }
  const finished = Buffer.concat(
    Sender.frame(payload, { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true }),
  )
  for (const socket of server.clients) (socket as WithSocket)._socket.write(finished)
}
