// Writes the generated files: `npm run generate`. TEST_DATABASE_URL or a PostgreSQL of its own is enough.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateFiles } from './support/generated.js'
import { openTestServer } from './support/test-server.js'

const server = await openTestServer()
try {
  const database = await server.createDatabase()
  for (const [path, text] of await generateFiles(database.url)) {
    await writeFile(join(import.meta.dirname, '..', path), text)
    console.log(`${path} is written`)
  }
} finally {
  await server.stop()
}
