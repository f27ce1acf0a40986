// Access tokens: JWTs of the form of RFC 9068, ES256, verified without the database.
import { errors, jwtVerify, SignJWT } from 'jose'
import { AppError } from '../contract/errors.js'
import type { Actor, VerifiedActor } from './actor.js'
import type { EndedSessions } from './ended-sessions.js'
import type { SigningKeys } from './signing-keys.js'

const TYPE = 'at+jwt'
const MAX_LENGTH = 2_048

export type AccessTokenOptions = { keys: SigningKeys; ended: EndedSessions; issuer: string; ttlS: number }

export class AccessTokens {
  readonly ttlS: number
  readonly #keys: SigningKeys
  readonly #ended: EndedSessions
  readonly #issuer: string

  constructor(options: AccessTokenOptions) {
    this.ttlS = options.ttlS
    this.#keys = options.keys
    this.#ended = options.ended
    this.#issuer = options.issuer
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
    const actor = await this.#decode(token)
    if (this.#ended.has(actor.session_id)) throw new AppError('auth.session_ended')
    return actor
  }

  async #decode(token: string): Promise<VerifiedActor> {
    if (token.length > MAX_LENGTH) throw new AppError('auth.token_invalid')
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = kid === undefined ? undefined : await this.#keys.find(kid)
          if (!key) throw new errors.JWKSNoMatchingKey()
          return key.publicKey
        },
        { issuer: this.#issuer, algorithms: ['ES256'], typ: TYPE, requiredClaims: ['sub', 'sid', 'exp'] },
      )
      const { sub, sid, exp } = payload
      if (typeof sub !== 'string' || typeof sid !== 'string' || exp === undefined)
        throw new AppError('auth.token_invalid')
      return { user_id: sub, session_id: sid, expires_at: new Date(exp * 1_000) }
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new AppError('auth.token_expired')
      if (error instanceof errors.JOSEError) throw new AppError('auth.token_invalid')
      throw error
    }
  }
}
