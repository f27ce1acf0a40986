import type { Config } from '../config.js'
import { Database } from '../db/database.js'
import { Doorbell } from '../db/doorbell.js'
import { openDatabase } from '../db/open.js'
import { createPool } from '../db/pool.js'
import { type Finding, findBrokenFiles, findOrphans } from '../domain/media-verify.js'
import { openStorage } from '../media/open-storage.js'
import type { Logger } from '../observe.js'

/** True when all is as it should be: whoever has it look regularly learns of it by the exit code. */
export async function runMediaVerify(
  config: Config,
  logger: Logger,
  { deleteOrphans }: { deleteOrphans: boolean },
): Promise<boolean> {
  const { database, stop } = await openDatabase(config, logger)
  const pool = createPool(database, logger)
  const storage = openStorage(config)
  try {
    await storage.start()
    const db = new Database(pool, new Doorbell(pool, logger, () => undefined))
    let broken = 0
    for await (const finding of findBrokenFiles(db, storage)) {
      broken++
      console.log(describe(finding))
    }
    let orphans = 0
    for await (const finding of findOrphans(db, storage, config.UPLOAD_TTL)) {
      orphans++
      console.log(describe(finding))
      if (deleteOrphans) await storage.remove([finding.key])
    }
    const fate = deleteOrphans ? ', which were deleted' : ''
    console.log(`${broken} files are not what their rows say; ${orphans} objects have no row${fate}.`)
    return broken + orphans === 0
  } finally {
    await storage.stop()
    await pool.end()
    await stop()
  }
}

function describe(finding: Finding): string {
  const { kind, key } = finding
  if (kind === 'missing') return `missing        ${key}`
  if (kind === 'wrong size') return `wrong size     ${key} (${finding.size} instead of ${finding.expected} bytes)`
  return `without a row  ${key} (${finding.size} bytes)`
}
