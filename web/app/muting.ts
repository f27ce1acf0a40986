import type { Membership } from '../../src/sdk/client.js'
import { minute, serverNow } from './clock.js'

const HOUR_MS = 3_600_000
/** The last time that there is a way to write. */
const FOREVER = '9999-12-31T23:59:59.000Z'

/** It is drawn again when it ends by itself. */
export function isMuted({ muted_until }: Membership): boolean {
  if (muted_until === null) return false
  return isForever(muted_until) || Date.parse(muted_until) > Math.max(minute.value, serverNow())
}

/** Without hours: until it is ended. */
export const mutedUntil = (hours?: number): string =>
  hours === undefined ? FOREVER : new Date(serverNow() + hours * HOUR_MS).toISOString()

export const isForever = (time: string): boolean => time >= '9999'
