import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { generateFiles } from '../support/generated.js'

test('the committed row types and the picture of the schema are those of the migrated database', async () => {
  for (const [path, text] of await generateFiles(inject('templateUrl'))) {
    const committed = await readFile(join(import.meta.dirname, '../..', path), 'utf8')
    expect(committed, `${path} is stale: run npm run generate`).toBe(text)
  }
})
