// argon2id with the parameters of OWASP's Password Storage Cheat Sheet. At most two at a time: each takes 19 MiB and a thread
// of the pool (bin/earshot.cjs) that signatures, file access and DNS need as well.
import argon2 from 'argon2'
import { AppError } from '../contract/errors.js'
import { Semaphore } from '../kit/semaphore.js'

const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const AT_ONCE = 2
const WAITING = 100

const overloaded = () => new AppError('overloaded', { retry_after_s: 2 })

export class Passwords {
  readonly #room = new Semaphore(AT_ONCE, WAITING)
  #decoy: Promise<string> | undefined

  hash(password: string): Promise<string> {
    return this.#room.run(() => argon2.hash(password, PARAMETERS), overloaded)
  }

  /** Without a hash (no such account) it costs the same time and is false. */
  async verify(hash: string | null | undefined, password: string): Promise<boolean> {
    const known = hash ?? (await this.#decoyHash())
    const matches = await this.#room.run(() => argon2.verify(known, password), overloaded)
    return matches && typeof hash === 'string'
  }

  /** True when the hash was made with other parameters than today's. */
  isOutdated(hash: string): boolean {
    return argon2.needsRehash(hash, PARAMETERS)
  }

  /** Made before the first sign-in, so that not even that one tells an unknown account by its time. */
  async start(): Promise<void> {
    await this.#decoyHash()
  }

  #decoyHash(): Promise<string> {
    this.#decoy ??= this.hash('nobody has this password')
    return this.#decoy
  }
}
