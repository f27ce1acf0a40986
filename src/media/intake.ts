// The bytes of a stranger on their way in: counted against their limit, hashed, and put together to pieces that are worth a
// write. While one piece is written, others are hashed and the next one is filled; there are never more than four.
import { createHash } from 'node:crypto'
import { AppError, type ErrorCode } from '../contract/errors.js'
import type { Turns } from '../kit/turns.js'
import type { Hasher } from './hasher.js'

const PIECE_BYTES = 256 * 1024
const PIECES = 4

/** How many bytes there may be, and what it is called when there are more. */
export type Bound = { bytes: number; code: ErrorCode }

export class Intake {
  /** To be read once. Its memory is used again for what comes later: copy what you keep. */
  readonly bytes: AsyncIterable<Uint8Array>
  #sha256: Buffer | undefined

  /** `head` and then `rest`. Reading throws AppError of the code of the limit. */
  constructor(
    { hasher, turns }: { hasher: Hasher; turns: Turns },
    head: Uint8Array,
    rest: AsyncIterator<Uint8Array>,
    limit: Bound,
  ) {
    this.bytes = this.#read(hasher, new Filler(turns, head, rest, limit), rest)
  }

  /** Of all of it, once all of it was read. */
  get sha256(): Buffer {
    if (!this.#sha256) throw new Error('asked for the hash before the end')
    return this.#sha256
  }

  async *#read(hasher: Hasher, filler: Filler, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
    let filled = await filler.next()
    if (filled.bytes.length < PIECE_BYTES) {
      // Small, as most files are: not worth a message to another thread.
      this.#sha256 = createHash('sha256').update(filled.bytes).digest()
      yield filled.bytes
      return
    }
    const hash = hasher.open()
    try {
      while (filled.bytes.length > 0) {
        filled.piece.inUse = hash.update(filled.bytes)
        const following = filler.next()
        // Both are looked at later, or not at all when whoever reads has enough.
        for (const promise of [filled.piece.inUse, following]) promise.catch(() => undefined)
        yield filled.bytes
        filled = await following
      }
      this.#sha256 = await hash.digest()
    } finally {
      hash.drop()
      // Not waited for: it may be silent, and whoever made it ends it.
      rest.return?.()?.catch(() => undefined)
    }
  }
}

type Piece = { memory: Uint8Array; inUse: Promise<void> }
type Filled = { piece: Piece; bytes: Uint8Array }

/** Fills one piece after the other; a short one is the last, and behind it all are empty. */
class Filler {
  readonly #rest: AsyncIterator<Uint8Array>
  readonly #limit: Bound
  readonly #turns: Turns
  readonly #pieces: Piece[] = []
  #left: Uint8Array
  #size = 0
  #turn = 0

  constructor(turns: Turns, head: Uint8Array, rest: AsyncIterator<Uint8Array>, limit: Bound) {
    this.#turns = turns
    this.#left = head
    this.#rest = rest
    this.#limit = limit
  }

  async next(): Promise<Filled> {
    const piece = this.#nextPiece()
    await piece.inUse
    let used = 0
    while (used < PIECE_BYTES) {
      if (this.#left.length === 0) {
        const { value, done } = await this.#rest.next()
        if (done) break
        // Messages come first: of all uploads together, one chunk in each turn.
        await this.#turns.take()
        this.#left = value
      }
      const taken = this.#left.subarray(0, PIECE_BYTES - used)
      this.#size += taken.length
      const { bytes, code } = this.#limit
      if (this.#size > bytes) throw new AppError(code, { detail: `At most ${bytes} bytes` })
      piece.memory.set(taken, used)
      used += taken.length
      this.#left = this.#left.subarray(taken.length)
    }
    return { piece, bytes: piece.memory.subarray(0, used) }
  }

  #nextPiece(): Piece {
    const index = this.#turn++ % PIECES
    // Shared memory: the thread of hashes reads it without a copy.
    this.#pieces[index] ??= { memory: Buffer.from(new SharedArrayBuffer(PIECE_BYTES)), inUse: Promise.resolve() }
    return this.#pieces[index]
  }
}
