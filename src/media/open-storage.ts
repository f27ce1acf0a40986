import type { Config } from '../config.js'
import { DiskStorage } from './disk-storage.js'
import { S3Storage } from './s3-storage.js'
import type { Storage } from './storage.js'

type Place = Pick<
  Config,
  | 'UPLOADS_DIR'
  | 'S3_ENDPOINT'
  | 'S3_BUCKET'
  | 'S3_REGION'
  | 'S3_ACCESS_KEY_ID'
  | 'S3_SECRET_ACCESS_KEY'
  | 'S3_STORAGE_CLASS'
>

/** The bucket where one is set up, else the folder. It is not started. */
export function openStorage(config: Place): Storage {
  if (!config.S3_ENDPOINT) return new DiskStorage({ dir: config.UPLOADS_DIR })
  return new S3Storage({
    endpoint: config.S3_ENDPOINT,
    // readConfig() lets no S3_ENDPOINT pass without the three.
    bucket: config.S3_BUCKET ?? '',
    region: config.S3_REGION,
    access_key_id: config.S3_ACCESS_KEY_ID ?? '',
    secret_access_key: config.S3_SECRET_ACCESS_KEY ?? '',
    storage_class: config.S3_STORAGE_CLASS,
  })
}
