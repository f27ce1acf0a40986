/**
 * What `source` yields until the signal aborts, also while the source says nothing; then the signal's reason rises. A
 * source that is silent at that moment is asked to end but not waited for: whoever made it ends it.
 */
export async function* untilAborted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (!signal) return yield* source
  const iterator = source[Symbol.asyncIterator]()
  // One listener for all chunks: a race with one lasting promise would keep a reaction for each of them.
  let interrupt: (() => void) | undefined
  const onAbort = () => interrupt?.()
  signal.addEventListener('abort', onAbort)
  let ended = false
  try {
    for (;;) {
      // It may have aborted while the last chunk was being worked on.
      signal.throwIfAborted()
      const result = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = () => reject(signal.reason)
        iterator.next().then(resolve, (error) => {
          ended = true
          reject(error)
        })
      })
      ended = result.done === true
      if (ended) return
      yield result.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    const returned = ended ? undefined : iterator.return?.()
    if (signal.aborted) returned?.catch(() => undefined)
    else await returned
  }
}
