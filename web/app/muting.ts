import type { Membership } from '../../src/sdk/client.js'

const HOUR_MS = 3_600_000
/** The last time that there is a way to write. */
const FOREVER = '9999-12-31T23:59:59.000Z'

export const isMuted = ({ muted_until }: Membership): boolean =>
  muted_until !== null && Date.parse(muted_until) > Date.now()

/** Without hours: until it is ended. */
export const mutedUntil = (hours?: number): string =>
  hours === undefined ? FOREVER : new Date(Date.now() + hours * HOUR_MS).toISOString()

export const isForever = (time: string): boolean => time >= '9999'
