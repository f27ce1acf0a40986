/** What has been begun and has to end, the last first. One that does not end well keeps no other from ending. */
export class Closing {
  readonly #all: (() => Promise<unknown>)[] = []

  add(close: () => Promise<unknown>): void {
    this.#all.push(close)
  }

  /** May be called twice. */
  async close(): Promise<void> {
    for (let close = this.#all.pop(); close; close = this.#all.pop()) {
      await close().catch((error) => console.error(error))
    }
  }
}

/** Whatever `work` adds is closed after it, however it ends. `open`: by which others can close it sooner. */
export async function closeAfter<T>(open: Set<Closing>, work: (closing: Closing) => Promise<T>): Promise<T> {
  const closing = new Closing()
  open.add(closing)
  try {
    return await work(closing)
  } finally {
    await closing.close()
    open.delete(closing)
  }
}
