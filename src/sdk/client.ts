// What an application imports.
export {
  type Answer,
  type Call,
  type CallOptions,
  createCall,
  EarshotError,
  type Input,
  type Refusal,
  type Route,
} from './call.js'
export type { Routes } from './routes.js'
export type * from './types.js'
