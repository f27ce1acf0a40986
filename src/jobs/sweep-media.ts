import { sweepMedia } from '../domain/media-sweep.js'
import { releaseJobsOfTheDead } from './dead-workers.js'
import { settleGivenUp } from './given-up.js'
import type { JobServices } from './worker.js'

export async function sweepMediaJob({ db, media, logger }: JobServices): Promise<void> {
  // First: whatever else fails, what somebody died of goes on.
  const jobs = await releaseJobsOfTheDead(db)
  if (jobs > 0) logger.warn({ jobs }, 'jobs of workers that are gone were released')
  const failed = await settleGivenUp(db)
  if (failed > 0) logger.warn({ files: failed }, 'files have no previews, since their jobs were given up')
  const swept = await sweepMedia(db, media)
  if (Object.values(swept).some((count) => count > 0)) logger.info(swept, 'files that nobody needs are gone')
}
