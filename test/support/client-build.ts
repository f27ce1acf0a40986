// The SDK as it is shipped, in a folder of its own.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '../..')

export type ClientBuild = AsyncDisposable & { folder: string }

/** client.js, with `types` client.d.ts beside it. */
export async function buildClient({ types = false } = {}): Promise<ClientBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-client-'))
  const args = [join(ROOT, 'build-client.mjs'), folder, ...(types ? ['--types'] : [])]
  await promisify(execFile)(process.execPath, args)
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
