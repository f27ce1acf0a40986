import { FrameSocket } from '../frame-socket.js'
import type { Adapter, Connection, Ears, Seat } from './adapter.js'
import { Opening, readMark, Waiting } from './adapter.js'

const EVENT = '{"type":"message.created"'
const REPLY = '{"type":"reply","id":"'
const HELLO = '{"type":"hello"'

async function connect({ url, key }: Seat, { onText, onLost }: Ears): Promise<Connection> {
  const waiting = new Waiting()
  const hello = new Opening()
  const socket = await FrameSocket.open(`${url.replace(/^http/, 'ws')}/ws?token=${key}`, {
    onText: (frame) => {
      const beginning = frame.toString('latin1', 0, EVENT.length)
      if (beginning === EVENT) {
        const id = readMark(frame)
        if (id !== undefined) onText(id, frame.length)
      } else if (beginning.startsWith(REPLY)) readReply(frame, waiting)
      else if (beginning.startsWith(HELLO)) hello.open()
    },
    onClose: (code) => {
      const what = `the socket was closed with ${code}`
      hello.fail(what)
      waiting.endAll(what)
      onLost(what)
    },
  })
  await hello.opened
  return {
    send: (conversation_id, content) => {
      const { id, answered } = waiting.begin()
      socket.send(JSON.stringify({ id: String(id), type: 'message.send', data: { conversation_id, content } }))
      return answered
    },
    close: () => socket.terminate(),
  }
}

function readReply(frame: Buffer, waiting: Waiting): void {
  const beginning = frame.toString('latin1', REPLY.length, REPLY.length + 40)
  const id = Number.parseInt(beginning, 10)
  if (beginning.startsWith(`${id}","ok":true`)) waiting.end(id)
  else {
    const { ok, error } = JSON.parse(frame.toString())
    waiting.end(id, ok ? undefined : `${error.code}: ${error.detail}`)
  }
}

function authorization({ key }: Seat): Record<string, string> {
  return { authorization: `Bearer ${key}` }
}

export const earshot: Adapter = {
  connect,
  post: (seat, conversation, content) => ({
    method: 'POST',
    path: `/api/v1/conversations/${conversation}/messages`,
    headers: { ...authorization(seat), 'content-type': 'application/json' },
    body: JSON.stringify({ content }),
  }),
  history: (seat, conversation) => ({
    method: 'GET',
    path: `/api/v1/conversations/${conversation}/messages?limit=50`,
    headers: authorization(seat),
    body: '',
  }),
}
