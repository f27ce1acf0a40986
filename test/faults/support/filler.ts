// Takes all the space that a disk has left.
import { open } from 'node:fs/promises'

/** In ever smaller pieces, until not a page fits any more. */
export async function fill(path: string): Promise<void> {
  const file = await open(path, 'a')
  try {
    for (let size = 4 * 1024 * 1024; size >= 4_096; size /= 2) {
      const piece = Buffer.alloc(size)
      for (;;) {
        const { bytesWritten } = await file.write(piece).catch((error) => {
          if (error.code === 'ENOSPC') return { bytesWritten: 0 }
          throw error
        })
        if (bytesWritten < size) break
      }
    }
  } finally {
    await file.close()
  }
}
