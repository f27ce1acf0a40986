/** A failed start whose message is one sentence that says what to do: it is printed alone, without a stack. */
export class StartupError extends Error {
  override name = 'StartupError'
}
