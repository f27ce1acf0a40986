// The bare servers of bench/limits: what is said goes to everybody, and an answer stands for nothing.
import { type Adapter, openSocket, readMark } from './adapter.js'

export const bare: Adapter = {
  connect: ({ url }, { onText, onLost }) =>
    new Promise((resolve, reject) => {
      const socket = openSocket(url.replace(/^http/, 'ws'))
      socket.on('message', (frame: Buffer) => {
        const id = readMark(frame)
        if (id !== undefined) onText(id, frame.length)
      })
      socket.on('open', () =>
        resolve({ send: async (_, text) => socket.send(`"${text}"`), close: () => socket.terminate() }),
      )
      socket.on('error', reject)
      socket.on('close', (code) => onLost(`the socket was closed with ${code}`))
    }),
  post: (_, conversation, content) => ({
    method: 'POST',
    path: `/api/v1/conversations/${conversation}/messages`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ content }),
  }),
}
