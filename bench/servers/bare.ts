// The limits: what a server can do at all on this machine that stores nothing.
import { join } from 'node:path'
import { startChildServer } from '../lib/child-server.js'
import type { Subject } from './server.js'

export function bare(name: string, file: 'hono.ts' | 'ws.ts', env: () => Record<string, string> = () => ({})): Subject {
  return {
    name,
    start: async (_, { groups, members }, closing) => {
      const { url, pid, stop } = await startChildServer({
        command: process.execPath,
        args: ['--import', import.meta.resolve('tsx'), join(import.meta.dirname, '../limits', file)],
        env: { NODE_ENV: 'production', ...env() },
        ready: /listening on (\S+)/,
      })
      closing.add(() => stop())
      const conversations = Array.from({ length: groups }, () => crypto.randomUUID())
      return {
        adapter: 'bare',
        seats: Array.from({ length: groups * members }, (_, index) => ({
          url,
          key: '',
          conversations: [conversations[Math.floor(index / members)] ?? ''],
        })),
        pids: [pid],
        inspectors: [],
      }
    },
  }
}
