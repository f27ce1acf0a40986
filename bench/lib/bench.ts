// What all scenarios share: the one PostgreSQL, how long and how often, and what went wrong.
import type { Check } from './check.js'
import type { Closing } from './closing.js'
import type { Figures } from './figures.js'
import type { Postgres } from './postgres.js'

export type Bench = {
  postgres: Postgres & { pid: number }
  rounds: number
  /** Of one phase. */
  seconds: number
  quick: boolean
  /** The folder of results. */
  save: string
  /** Where plots go. */
  plots: string
  /** Socket.IO and whoever else is there. */
  withPeers: boolean
  /** What is open just now, should the run be interrupted. */
  open: Set<Closing>
  /** Does not resolve when it was: the process ends. */
  interrupted: () => Promise<void>
  /** That this round is worth nothing is said at once, and again at the end. */
  wrong: (what: string) => void
  /** How far it is. */
  say: (what: string) => void
}

export type Report = {
  title: string
  /** What one has to know to read the tables. */
  notes: string[]
  tables: { title: string; figures: Figures }[]
  checks: Check[]
  /** Further text that was measured: slopes, profiles. */
  texts?: string[]
}

export type Scenario = (bench: Bench) => Promise<Report>
