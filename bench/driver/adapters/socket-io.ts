// Socket.IO's protocol over a bare WebSocket: its own client would cost the driver more than it costs the server.

import { FrameSocket } from '../frame-socket.js'
import type { Adapter, Connection, Ears, Seat } from './adapter.js'
import { Opening, readMark, Waiting } from './adapter.js'

const [OPEN, PING, PONG] = ['0', '2', '3']
const [CONNECTED, EVENT, ACK] = ['40', '42', '43']

async function connect({ url, key, conversations }: Seat, { onText, onLost }: Ears): Promise<Connection> {
  const waiting = new Waiting()
  const connected = new Opening()
  const socket = await FrameSocket.open(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    onText: (frame) => {
      const kind = frame.toString('latin1', 0, 2)
      if (kind === EVENT) {
        const id = readMark(frame)
        if (id !== undefined) onText(id, frame.length)
      } else if (kind === ACK) readAck(frame.toString(), waiting)
      else if (kind === CONNECTED) connected.open()
      else if (kind.startsWith(OPEN)) connected.greet()
      else if (kind === PING) socket.send(PONG)
    },
    onClose: (code) => {
      const what = `the socket was closed with ${code}`
      connected.fail(what)
      waiting.endAll(what)
      onLost(what)
    },
  })
  const call = (event: string, data: object) => {
    const { id, answered } = waiting.begin()
    socket.send(`${EVENT}${id}${JSON.stringify([event, data])}`)
    return answered
  }
  await connected.greeted
  socket.send(`${CONNECTED}${JSON.stringify({ user: key })}`)
  await connected.opened
  for (const conversation of conversations) await call('join', { conversation })
  return {
    send: (conversation, text) => call('send', { conversation, text }),
    close: () => socket.terminate(),
  }
}

function readAck(text: string, waiting: Waiting): void {
  const begin = text.indexOf('[')
  const [{ ok, error }] = JSON.parse(text.slice(begin))
  waiting.end(Number(text.slice(ACK.length, begin)), ok ? undefined : error)
}

export const socketIo: Adapter = {
  connect,
  history: ({ key }, conversation) => ({
    method: 'GET',
    path: `/history?conversation=${conversation}&user=${key}&limit=50`,
    headers: {},
    body: '',
  }),
}
