// Addresses that carry their own permission, for what cannot send a token: an image of a page, a player, a plain PUT. Each
// says who made it and until when, and is good for one file; whether they may still see the file is asked each time.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../contract/errors.js'

/** What a link lets its bearer do with the file. */
type Purpose = 'read' | 'put'

/** Who made a link, and in which session: it ends with that. */
type Maker = { readonly user_id: string; readonly session_id: string }

const UUID_BYTES = 16
const TIME_BYTES = 6
const BODY_BYTES = TIME_BYTES + 2 * UUID_BYTES

/** Links that are made within one minute end together, so that a browser's cache finds its images again. */
export const LINK_ROUNDING_S = 60

/** Life of an address for a put. */
export const PUT_TTL_S = 300

export class Links {
  readonly #secret: Uint8Array
  readonly #ttlS: number

  constructor(secret: Uint8Array, ttlS: number) {
    this.#secret = secret
    this.#ttlS = ttlS
  }

  /** When a link that is made now ends: in whole seconds, which is all that it holds. */
  end(now = Date.now()): Date {
    return new Date((Math.ceil(now / 1_000 / LINK_ROUNDING_S) * LINK_ROUNDING_S + this.#ttlS) * 1_000)
  }

  /** `expiresAt` is rounded down to seconds. */
  sign(purpose: Purpose, maker: Maker, fileId: string, expiresAt: Date): string {
    const body = Buffer.alloc(BODY_BYTES)
    body.writeUIntBE(Math.floor(expiresAt.getTime() / 1_000), 0, TIME_BYTES)
    body.write(maker.user_id.replaceAll('-', ''), TIME_BYTES, 'hex')
    body.write(maker.session_id.replaceAll('-', ''), TIME_BYTES + UUID_BYTES, 'hex')
    return Buffer.concat([body, this.#mac(purpose, fileId, body)]).toString('base64url')
  }

  /** Who made it. @throws AppError attachment.link_invalid, also for one that has expired */
  verify(purpose: Purpose, fileId: string, signature: string, now = Date.now()): Maker & { expires_at: Date } {
    const bytes = Buffer.from(signature, 'base64url')
    const body = bytes.subarray(0, BODY_BYTES)
    const mac = bytes.subarray(BODY_BYTES)
    const expected = this.#mac(purpose, fileId, body)
    // One spelling alone: base64url has several for the same bytes, and each would be another address to a cache.
    const isOurs =
      mac.length === expected.length && timingSafeEqual(mac, expected) && bytes.toString('base64url') === signature
    if (!isOurs) throw new AppError('attachment.link_invalid')
    const expires_at = new Date(body.readUIntBE(0, TIME_BYTES) * 1_000)
    if (expires_at.getTime() <= now) throw new AppError('attachment.link_invalid')
    return { user_id: uuid(body, TIME_BYTES), session_id: uuid(body, TIME_BYTES + UUID_BYTES), expires_at }
  }

  #mac(purpose: Purpose, fileId: string, body: Uint8Array): Buffer {
    return createHmac('sha256', this.#secret).update(`${purpose} ${fileId} `).update(body).digest()
  }
}

function uuid(bytes: Buffer, start: number): string {
  const hex = bytes.toString('hex', start, start + UUID_BYTES)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
