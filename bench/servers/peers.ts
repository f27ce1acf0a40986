import type { Bench } from '../lib/bench.js'
import type { Subject } from './server.js'
import { installPeers, socketIo } from './socket-io.js'

/** Whom one could take instead. None with --without-peers. @throws StartupError */
export async function findPeers({ withPeers }: Bench): Promise<Subject[]> {
  if (!withPeers) return []
  await installPeers()
  return [socketIo('postgres'), socketIo('memory')]
}
