// Opaque refresh tokens: `esr_` + family + generation, both random. The family half stays for the life of the session, the
// generation changes with each use. Only hashes are stored; a random secret of 256 bits needs no slow hash.
import { createHash, randomBytes } from 'node:crypto'

const PREFIX = 'esr_'
const FAMILY_BYTES = 18
const GENERATION_BYTES = 32
const FORM = /^esr_([A-Za-z0-9_-]{24})([A-Za-z0-9_-]{43})$/

export type RefreshToken = { token: string; familyHash: Buffer; refreshHash: Buffer }

export function issueRefreshToken(family = randomBytes(FAMILY_BYTES).toString('base64url')): RefreshToken {
  const token = PREFIX + family + randomBytes(GENERATION_BYTES).toString('base64url')
  return { token, familyHash: sha256(family), refreshHash: sha256(token) }
}

/** The parts of a token that somebody brought, or undefined when it cannot be one of ours. */
export function parseRefreshToken(token: string): (RefreshToken & { family: string }) | undefined {
  const family = FORM.exec(token)?.[1]
  return family === undefined ? undefined : { token, family, familyHash: sha256(family), refreshHash: sha256(token) }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
