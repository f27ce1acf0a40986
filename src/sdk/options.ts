// What an application says to a client, and what it hears from it.
import type { SocketConstructor } from './link.js'
import type { Storage } from './storage.js'
import type { EventFrame, Signals } from './types.js'

/**
 * `offline`: stopped, or waiting to connect again; `catching up`: connected, and being told what was missed; `stale`: live, but
 * the server itself cannot hear what happens.
 */
export type ClientStatus = 'offline' | 'connecting' | 'catching up' | 'live' | 'stale' | 'signed out'

/** What is only said live; `stream` is the conversation that it is about. */
export type SignalFrame = {
  [T in keyof Signals]: { type: T; stream?: string; data: Signals[T] }
}[keyof Signals]

export type ClientEvents = {
  /** `me`, `conversations` or `outbox` is another one. */
  change: []
  status: [status: ClientStatus]
  /**
   * A durable event, once it is in the state: each one that this client was told. What it was not told event by event, because
   * it has loaded everything, or too much came while it was away, is in the state alone.
   */
  event: [event: EventFrame]
  signal: [signal: SignalFrame]
  /** Whatever went wrong without anybody waiting for it, also in a listener. The client goes on, unless its status says otherwise. */
  error: [error: unknown]
}

export interface ClientOptions {
  /** Of the server: its origin, with the path below which it stands if there is one. */
  url: string
  /** Where the session, the state and unsent messages are kept; in memory alone without it. One storage belongs to one client. */
  storage?: Storage
  /** Needed where there is no global one, as on Node 20: the `WebSocket` of the package `ws`. */
  WebSocket?: SocketConstructor
  fetch?: typeof fetch
  /** How many of the newest messages are kept of a conversation whose timeline was closed, and over a restart; 50 without it. */
  keepMessages?: number
}
