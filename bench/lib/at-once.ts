/** Does the work for each item, at most `size` at a time. The first failure ends it: no new work is begun. */
export async function forEachAtOnce<T>(
  size: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  let failed = false
  const worker = async () => {
    for (const item of queue) {
      if (failed) return
      await work(item).catch((error) => {
        failed = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(size, items.length) }, worker))
}
