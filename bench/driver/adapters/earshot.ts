import type { Adapter, Connection, Ears, Seat } from './adapter.js'
import { openSocket, readMark, Waiting } from './adapter.js'

const EVENT = '{"type":"message.created"'
const REPLY = '{"type":"reply","id":"'
const HELLO = '{"type":"hello"'

function connect({ url, key }: Seat, { onText, onLost }: Ears): Promise<Connection> {
  const socket = openSocket(`${url.replace(/^http/, 'ws')}/ws?token=${key}`)
  const waiting = new Waiting()
  return new Promise((resolve, reject) => {
    socket.on('message', (frame: Buffer) => {
      const beginning = frame.toString('latin1', 0, EVENT.length)
      if (beginning === EVENT) {
        const id = readMark(frame)
        if (id !== undefined) onText(id, frame.length)
      } else if (beginning.startsWith(REPLY)) readReply(frame, waiting)
      else if (beginning.startsWith(HELLO)) resolve({ send, close: () => socket.terminate() })
    })
    socket.on('error', reject)
    socket.on('close', (code) => {
      const what = `the socket was closed with ${code}`
      reject(new Error(what))
      waiting.endAll(what)
      onLost(what)
    })
  })

  function send(conversation_id: string, content: string): Promise<void> {
    const { id, answered } = waiting.begin()
    socket.send(JSON.stringify({ id: String(id), type: 'message.send', data: { conversation_id, content } }))
    return answered
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
