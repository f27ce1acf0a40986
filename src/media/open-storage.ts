import type { Config } from '../config.js'
import { DiskStorage } from './disk-storage.js'
import type { Storage } from './storage.js'

export function openStorage(config: Config): Storage {
  return new DiskStorage({ dir: config.UPLOADS_DIR })
}
