import type { IncomingMessage } from 'node:http'
import { AppError } from '../contract/errors.js'
import { untilAborted } from './until-aborted.js'

/**
 * The bytes of a request as they arrive. Whoever stops reading leaves the rest to the server.
 * @throws AppError upload.stalled: without a byte for `stall_ms`; upload.malformed: the connection has ended
 */
export async function* readBody(
  incoming: IncomingMessage,
  { stall_ms }: { stall_ms: number },
): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController()
  const wait = () => setTimeout(() => stalled.abort(new AppError('upload.stalled')), stall_ms)
  let timer = wait()
  try {
    for await (const chunk of untilAborted(incoming.iterator({ destroyOnReturn: false }), stalled.signal)) {
      // That the storage is slow is not the client's fault.
      clearTimeout(timer)
      yield chunk
      timer = wait()
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('upload.malformed', { detail: 'The connection has ended' }, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
