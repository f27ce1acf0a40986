import type { Adapter } from './adapters/adapter.js'
import { bare } from './adapters/bare.js'
import { earshot } from './adapters/earshot.js'
import { socketIo } from './adapters/socket-io.js'

export const ADAPTERS = { earshot, 'socket-io': socketIo, bare } satisfies Record<string, Adapter>
export type AdapterName = keyof typeof ADAPTERS
