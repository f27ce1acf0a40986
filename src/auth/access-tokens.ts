// Access tokens: JWTs of the form of RFC 9068, ES256, verified without the database, and each only once.
import { errors, jwtVerify, SignJWT } from 'jose'
import { AppError } from '../contract/errors.js'
import type { Actor, VerifiedActor } from './actor.js'
import type { EndedSessions } from './ended-sessions.js'
import type { SigningKeys } from './signing-keys.js'
import { VerifiedTokens } from './verified-tokens.js'

const TYPE = 'at+jwt'
const MAX_LENGTH = 2_048
/** Some 20 MB when full. */
const KEPT = 50_000

export type AccessTokenOptions = {
  keys: SigningKeys
  ended: EndedSessions
  issuer: string
  ttlS: number
  /** Verified tokens that are remembered. */
  kept?: number
}

export class AccessTokens {
  readonly ttlS: number
  readonly #keys: SigningKeys
  readonly #ended: EndedSessions
  readonly #issuer: string
  readonly #verified: VerifiedTokens

  constructor(options: AccessTokenOptions) {
    this.ttlS = options.ttlS
    this.#keys = options.keys
    this.#ended = options.ended
    this.#issuer = options.issuer
    this.#verified = new VerifiedTokens(options.kept ?? KEPT)
  }

  async sign(actor: Actor): Promise<string> {
    const key = this.#keys.current()
    return new SignJWT({ sid: actor.session_id })
      .setProtectedHeader({ alg: 'ES256', typ: TYPE, kid: key.kid })
      .setSubject(actor.user_id)
      .setIssuer(this.#issuer)
      .setIssuedAt()
      .setExpirationTime(`${this.ttlS}s`)
      .setJti(crypto.randomUUID())
      .sign(key.privateKey)
  }

  /** @throws AppError auth.token_expired, auth.token_invalid or auth.session_ended */
  async verify(token: string): Promise<VerifiedActor> {
    if (token.length > MAX_LENGTH) throw new AppError('auth.token_invalid')
    const actor = this.#recall(token) ?? (await this.#decode(token))
    if (this.#ended.has(actor.session_id)) throw new AppError('auth.session_ended')
    return actor
  }

  /** Only ever a yes: whatever has changed since, the token or its key, is found and named by #decode. */
  #recall(token: string): VerifiedActor | undefined {
    const verified = this.#verified.get(token)
    return verified && this.#keys.has(verified.kid) ? verified.actor : undefined
  }

  async #decode(token: string): Promise<VerifiedActor> {
    try {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = kid === undefined ? undefined : await this.#keys.find(kid)
          if (!key) throw new errors.JWKSNoMatchingKey()
          return key.publicKey
        },
        { issuer: this.#issuer, algorithms: ['ES256'], typ: TYPE, requiredClaims: ['sub', 'sid', 'exp'] },
      )
      const { sub, sid, exp } = payload
      const { kid } = protectedHeader
      if (typeof sub !== 'string' || typeof sid !== 'string' || exp === undefined || kid === undefined)
        throw new AppError('auth.token_invalid')
      const actor = { user_id: sub, session_id: sid, expires_at: new Date(exp * 1_000) }
      this.#verified.add(token, { actor, kid })
      return actor
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new AppError('auth.token_expired')
      if (error instanceof errors.JOSEError) throw new AppError('auth.token_invalid')
      throw error
    }
  }
}
