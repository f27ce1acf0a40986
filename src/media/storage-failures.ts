import { S3Error } from './s3-client.js'
import { isErrno } from './temp-files.js'

const DISK_CODES = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'ENOENT']

/** Whether it is the storage that has failed, and not what was asked of it. */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof S3Error || isErrno(error, ...DISK_CODES)
}
