// The ES256 keys that sign access tokens: made at the first start, kept in the database, the same for all nodes. After a
// rotation the former key verifies for as long as a token that it signed may live.
import { setTimeout as delay } from 'node:timers/promises'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { type Kysely, sql } from 'kysely'
import type { DB } from '../db/tables.js'
import type { Logger } from '../observe.js'

const ALGORITHM = 'ES256'
const RELOAD_MS = 60_000
/** A token may name any kid that it likes: an unknown one asks the database at most once in this time. */
const UNKNOWN_KID_MS = 1_000

type Key = { kid: string; privateKey: CryptoKey; publicKey: CryptoKey; publicJwk: JWK; current: boolean }

export class SigningKeys {
  readonly #db: Kysely<DB>
  readonly #logger: Logger
  readonly #accessTokenTtlS: number
  #keys: Key[] = []
  #loadedAt = 0
  #reloading: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(db: Kysely<DB>, logger: Logger, accessTokenTtlS: number) {
    this.#db = db
    this.#logger = logger
    this.#accessTokenTtlS = accessTokenTtlS
  }

  async start(): Promise<void> {
    await this.#load()
    if (!this.#keys.some((key) => key.current)) {
      await addKey(this.#db)
      await this.#load()
    }
    this.#timer = setInterval(() => {
      this.#load().catch((error) => this.#logger.warn({ err: error }, 'the signing keys could not be read again'))
    }, RELOAD_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** The key that signs now. */
  current(): Key {
    const key = this.#keys.find((candidate) => candidate.current)
    if (!key) throw new Error('there is no signing key: start() has not run')
    return key
  }

  /** Whether tokens of this key count, as far as it is known now. */
  has(kid: string): boolean {
    return this.#keys.some((key) => key.kid === kid)
  }

  async find(kid: string): Promise<Key | undefined> {
    const find = () => this.#keys.find((key) => key.kid === kid)
    const known = find()
    if (known) return known
    await this.#reload()
    return find()
  }

  /** RFC 7517: what others need to verify our tokens. */
  jwks(): { keys: JWK[] } {
    return { keys: this.#keys.map((key) => key.publicJwk) }
  }

  /** One for all who ask, and not before UNKNOWN_KID_MS have passed since the last. */
  #reload(): Promise<void> {
    this.#reloading ??= delay(Math.max(0, this.#loadedAt + UNKNOWN_KID_MS - Date.now()))
      .then(() => this.#load())
      .finally(() => {
        this.#reloading = undefined
      })
    return this.#reloading
  }

  async #load(): Promise<void> {
    this.#loadedAt = Date.now()
    const rows = await this.#db
      .selectFrom('signing_keys')
      .select(['kid', 'private_jwk', 'public_jwk', 'retired_at'])
      // Other nodes may sign with the former key until they have read the new one.
      .where((eb) =>
        eb.or([
          eb('retired_at', 'is', null),
          eb(
            'retired_at',
            '>',
            sql<Date>`now() - make_interval(secs => ${this.#accessTokenTtlS + (2 * RELOAD_MS) / 1_000})`,
          ),
        ]),
      )
      .orderBy('created_at', 'desc')
      .execute()
    this.#keys = await Promise.all(
      rows.map(async (row) => ({
        kid: row.kid,
        privateKey: await importKey(row.private_jwk),
        publicKey: await importKey(row.public_jwk),
        publicJwk: row.public_jwk as JWK,
        current: row.retired_at === null,
      })),
    )
  }
}

/** Makes a new key the current one. Nodes that run take it up within a minute. */
export async function rotateKeys(db: Kysely<DB>): Promise<string> {
  return db.transaction().execute(async (tx) => {
    await tx.updateTable('signing_keys').set({ retired_at: sql`now()` }).where('retired_at', 'is', null).execute()
    return addKey(tx)
  })
}

/** The first of several nodes that start at once wins; one_signing_key_is_current refuses the others. */
async function addKey(db: Kysely<DB>): Promise<string> {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true })
  const kid = crypto.randomUUID()
  const common = { kid, alg: ALGORITHM, use: 'sig' }
  await db
    .insertInto('signing_keys')
    .values({
      kid,
      private_jwk: JSON.stringify({ ...(await exportJWK(pair.privateKey)), ...common }),
      public_jwk: JSON.stringify({ ...(await exportJWK(pair.publicKey)), ...common }),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return kid
}

async function importKey(jwk: unknown): Promise<CryptoKey> {
  const key = await importJWK(jwk as JWK, ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('a signing key is not an EC key')
  return key
}
