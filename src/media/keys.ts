// What the objects of files are called: by ids of ours alone, never by anything that a user has said.
import { VariantName } from '../contract/attachments.js'
import type { Key } from './storage.js'

export const originalKey = (blobId: string): Key => `media/${blobId}/original`
export const variantKey = (blobId: string, name: VariantName): Key => `media/${blobId}/${name}`

/** All that there may be of a blob: whoever reads it may have asked for a variant, whether it was ever made or not. */
export const keysOfBlob = (blobId: string): Key[] => [
  originalKey(blobId),
  ...VariantName.options.map((name) => variantKey(blobId, name)),
]

/** Where a signed upload is put. */
export const contentKey = (uploadId: string): Key => `staging/${uploadId}/content`

/** A stretch of a resumable upload. */
export const partKey = (uploadId: string, part: { first_byte: number; writer: string }): Key =>
  `staging/${uploadId}/${String(part.first_byte).padStart(20, '0')}-${part.writer}`

/** Of the blob or upload that an object belongs to. */
export const ownerOf = (key: Key): string => key.split('/')[1] ?? ''
