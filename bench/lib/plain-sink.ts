// The least that can be done with an upload: node:http pipes the body into a file. A process of its own; it prints its
// address. Argument: the folder.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const folder = process.argv[2] ?? ''

const server = createServer(async (incoming, answer) => {
  await pipeline(incoming, createWriteStream(join(folder, randomUUID())))
  answer.end('{}')
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`)
})
