// Sockets in a process beside the one that measures.
import { join } from 'node:path'
import { Remote } from './remote.js'
import type { Returners } from './returners.js'

export class Crew extends Remote<Returners> {
  static async start(url: string, tokens: readonly string[]): Promise<Crew> {
    const crew = new Crew(join(import.meta.dirname, 'crew-process.ts'))
    try {
      await crew.tell('open', url, tokens)
      return crew
    } catch (error) {
      await crew.stop()
      throw error
    }
  }
}
