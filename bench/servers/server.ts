// What is measured: a server with people in groups of equal size, each of them in one.

import type { Seat } from '../driver/adapters/adapter.js'
import type { AdapterName } from '../driver/adapters.js'
import type { Closing } from '../lib/closing.js'

export type Cast = { groups: number; members: number }

export type Scene = {
  adapter: AdapterName
  /** Group by group. */
  seats: readonly Seat[]
  pids: readonly number[]
  /** Of those that can be made to collect their garbage. */
  inspectors: readonly string[]
  /** Those that are stored; absent where nothing is. */
  countMessages?: () => Promise<number>
  /** Puts so many into one conversation, past the server if that is quicker. */
  fillHistory?: (conversation: string, count: number) => Promise<void>
}

export type Subject = {
  name: string
  /** On a database that is new; what has to end is added to `closing`. @throws StartupError */
  start: (databaseUrl: string, cast: Cast, closing: Closing) => Promise<Scene>
}
