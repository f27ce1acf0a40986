import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Folder = { path(name: string): string; write(name: string, bytes: Buffer | string): string } & Disposable

/** A folder that is gone after the test. */
export function makeFolder(): Folder {
  const root = mkdtempSync(join(tmpdir(), 'earshot-media-'))
  return {
    path: (name) => join(root, name),
    write: (name, bytes) => {
      writeFileSync(join(root, name), bytes)
      return join(root, name)
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  }
}
