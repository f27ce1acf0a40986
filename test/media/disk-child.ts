// A process that stores an object on a disk and never comes to its end. It tells when so many bytes have been written.
import { setImmediate } from 'node:timers/promises'
import { DiskStorage } from '../../src/media/disk-storage.js'
import type { Key } from '../../src/media/storage.js'

const [dir = '', key = '', bytes = '0'] = process.argv.slice(2)
const piece = Buffer.alloc(64 * 1024, 1)

async function* source() {
  for (let written = 0; written < 1024 ** 3; written += piece.length) {
    // Asked for the next piece, so all before it have gone to the file.
    if (written === Number(bytes)) process.stdout.write('there\n')
    yield piece
    await setImmediate()
  }
}

const storage = new DiskStorage({ dir })
await storage.start()
await storage.put(key as Key, source(), { mime_type: 'application/octet-stream' })
