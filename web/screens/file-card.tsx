import type { Attachment } from '../../src/sdk/client.js'
import { download, useFileLink } from '../app/file-links.js'
import { t } from '../app/language.js'
import { bytesOf } from '../app/measures.js'
import { fileNameOf } from '../app/titles.js'
import { Icon, type IconName } from '../ui/icon.js'

export const ICON_OF: Record<Attachment['kind'], IconName> = {
  image: 'picture',
  video: 'play',
  audio: 'sound',
  voice: 'mic',
  file: 'file',
}

/** A file that is kept rather than looked at. */
export function FileCard({ file }: { file: Attachment }) {
  return file.url === null ? <GoneFile file={file} /> : <FileHere file={file} />
}

function FileHere({ file }: { file: Attachment }) {
  const { id, size, kind, state } = file
  const name = fileNameOf(file)
  const link = useFileLink(id)
  const isBlind = kind === 'image' && state === 'failed'
  return (
    <a
      class="file-card"
      href={link ?? '#'}
      download={name}
      onClick={(event) => {
        // The address may have ended since it was shown.
        event.preventDefault()
        download(id, name).catch(reportError)
      }}
    >
      <span class="file-mark">
        <Icon name={ICON_OF[kind]} size={24} />
      </span>
      <span class="file-words">
        <span class="unseen">{t().files.download}</span>
        <bdi class="file-name">{name}</bdi>
        <span class="file-note">
          {bytesOf(size)}
          {isBlind && ` · ${t().files.noPreview}`}
        </span>
      </span>
      <Icon name="download" />
    </a>
  )
}

/** It was removed, or another service keeps it: there is a name, and no more. */
function GoneFile({ file }: { file: Attachment }) {
  return (
    <p class="file-card">
      <span class="file-mark">
        <Icon name={ICON_OF[file.kind]} size={24} />
      </span>
      <span class="file-words">
        <bdi class="file-name">{fileNameOf(file)}</bdi>
        <span class="file-note">{file.external ? t().files.elsewhere : t().files.removed}</span>
      </span>
    </p>
  )
}
