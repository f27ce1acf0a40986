import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { generateFiles } from '../support/generated.js'
import { createDatabase } from '../support/test-server.js'

test('the committed row types, the picture of the schema and the generated documents are what they would be made to today', async () => {
  // Of a copy: nobody can copy the template while somebody is connected to it.
  const database = await createDatabase(inject('templateUrl'))
  for (const [path, text] of await generateFiles(database.url)) {
    const committed = await readFile(join(import.meta.dirname, '../..', path), 'utf8')
    expect(committed, `${path} is stale: run npm run generate`).toBe(text)
  }
  await database.drop()
})
