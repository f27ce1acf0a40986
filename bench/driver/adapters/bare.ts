// The bare servers of bench/limits: what is said goes to everybody, and an answer stands for nothing.
import { FrameSocket } from '../frame-socket.js'
import { type Adapter, readMark } from './adapter.js'

export const bare: Adapter = {
  connect: async ({ url }, { onText, onLost }) => {
    const socket = await FrameSocket.open(url.replace(/^http/, 'ws'), {
      onText: (frame) => {
        const id = readMark(frame)
        if (id !== undefined) onText(id, frame.length)
      },
      onClose: (code) => onLost(`the socket was closed with ${code}`),
    })
    return { send: async (_, text) => socket.send(`"${text}"`), close: () => socket.terminate() }
  },
  post: (_, conversation, content) => ({
    method: 'POST',
    path: `/api/v1/conversations/${conversation}/messages`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ content }),
  }),
}
