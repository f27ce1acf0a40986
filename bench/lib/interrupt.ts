/**
 * An interrupted run leaves nothing behind either: `stop`, then the end of the process. It does so once, for a terminal and tsx
 * both tell of one Ctrl-C. Answers with what waits until that is done, if it has begun: whatever fails meanwhile is no end.
 */
export function stopOnSignal(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | undefined
  const onSignal = () => {
    const exit = () => process.exit(130)
    stopping ??= stop().then(exit, exit)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return async () => stopping
}
