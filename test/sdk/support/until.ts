const PATIENCE_MS = 20_000

/** Lets the network work until it is so. */
export async function until(isSo: () => boolean, what = String(isSo)): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
