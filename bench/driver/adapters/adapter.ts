// What the driver needs to know of a server: how to connect, to send, and to tell its texts from all else that comes.

/** The place of one person on one server. `key`: what lets them in. */
export type Seat = { url: string; key: string; conversations: readonly string[] }

export type Ears = {
  /** A text of a driver has come, with the number that it bears. */
  onText: (id: number, frame_bytes: number) => void
  onLost: (what: string) => void
}

export type Connection = {
  /** Resolves once the server has answered that it is stored. */
  send: (conversation: string, text: string) => Promise<void>
  close: () => void
}

export type Ask = { method: string; path: string; headers: Record<string, string>; body: string }

export type Adapter = {
  /** Resolves once everything that is said in its conversations arrives. */
  connect: (seat: Seat, ears: Ears) => Promise<Connection>
  post?: (seat: Seat, conversation: string, text: string) => Ask
  /** The last 50. */
  history?: (seat: Seat, conversation: string) => Ask
}

const MARK = Buffer.from('"#')
const ZERO = 0x30

/** Such a text begins with `#<id>|`. It is looked for in the raw frame: to parse thousands in a second would measure the driver. */
export function readMark(frame: Buffer): number | undefined {
  const at = frame.indexOf(MARK)
  if (at < 0) return undefined
  let id = 0
  let end = at + MARK.length
  for (let digit = (frame[end] ?? 0) - ZERO; digit >= 0 && digit <= 9; digit = (frame[++end] ?? 0) - ZERO)
    id = id * 10 + digit
  return frame[end] === 0x7c ? id : undefined
}

/** Padded to `bytes`. */
export function writeMark(id: number, bytes: number): string {
  return `#${id}|`.padEnd(bytes, 'x')
}

/** Those who wait for an answer on one socket. */
export class Waiting {
  readonly #all = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  #last = 0

  begin(): { id: number; answered: Promise<void> } {
    const id = ++this.#last
    const answered = new Promise<void>((resolve, reject) => this.#all.set(id, { resolve, reject }))
    return { id, answered }
  }

  /** Without an error all is well. */
  end(id: number, error?: string): void {
    const one = this.#all.get(id)
    this.#all.delete(id)
    if (error === undefined) one?.resolve()
    else one?.reject(new Error(error))
  }

  endAll(error: string): void {
    for (const id of [...this.#all.keys()]) this.end(id, error)
  }
}

/** A greeting of the server that a socket waits for before it is of use. */
export class Opening {
  readonly greeted: Promise<void>
  readonly opened: Promise<void>
  greet: () => void = () => undefined
  open: () => void = () => undefined
  #fails: ((error: Error) => void)[] = []

  constructor() {
    this.greeted = new Promise((resolve, reject) => {
      this.greet = resolve
      this.#fails.push(reject)
    })
    this.opened = new Promise((resolve, reject) => {
      this.open = resolve
      this.#fails.push(reject)
    })
    // Whoever waits hears of it; there may be nobody any more.
    for (const one of [this.greeted, this.opened]) one.catch(() => undefined)
  }

  /** Says nothing when it is open. */
  fail(what: string): void {
    for (const fail of this.#fails) fail(new Error(what))
  }
}
