import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Storage } from '../src/sdk/client.js'

/** Keeps everything in one JSON file. It is written beside and then renamed, so a save is all or nothing. */
export function fileStorage(path: string): Storage {
  let kept = new Map<string, unknown>()
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch(() => '[]')
      kept = new Map(JSON.parse(text))
      return new Map(kept)
    },
    async save(changes) {
      const next = new Map(kept)
      for (const [name, value] of changes) {
        if (value === undefined) next.delete(name)
        else next.set(name, value)
      }
      await writeFile(`${path}.new`, JSON.stringify([...next]), { mode: 0o600 })
      await rename(`${path}.new`, path)
      kept = next
    },
  }
}
