// The one table of the files that are taken. What is not in it is refused.
//
// `inline` is for what a browser shows without running anything of it: raster images, audio, video. All else is a
// download. HEIC is not shown by most browsers, and a PDF runs scripts, so both are downloads.
import type { AttachmentKind } from '../contract/attachments.js'
import type { FileClass } from '../contract/limits.js'

/** What the bytes tell; that a recording is a voice message, its sender tells. */
type FileKind = Exclude<AttachmentKind, 'voice'>

export type FileType = {
  mime_type: string
  kind: FileKind
  class: FileClass
  /** The one that is appended to a name; others that may stay are in `also`. */
  extension: string
  also: readonly string[]
  inline: boolean
}

function row(kind: FileKind, mime_type: string, extension: string, also: string[] = [], inline = true): FileType {
  return { mime_type, kind, class: kind, extension, also, inline }
}
const file = (mime_type: string, extension: string, also: string[] = []) =>
  row('file', mime_type, extension, also, false)
const archive = (mime_type: string, extension: string, also: string[] = []): FileType => ({
  ...file(mime_type, extension, also),
  class: 'archive',
})

const OOXML = 'application/vnd.openxmlformats-officedocument'
const ODF = 'application/vnd.oasis.opendocument'

/** What a text may be called without becoming something that a double click runs: no html, svg, js, bat, sh, py. */
const HARMLESS_TEXT = ['text', 'log', 'tsv', 'yaml', 'yml', 'toml', 'srt', 'vtt', 'tex', 'diff', 'patch', 'sql']

export const FILE_TYPES = [
  row('image', 'image/jpeg', 'jpg', ['jpeg', 'jpe', 'jfif']),
  row('image', 'image/png', 'png', ['apng']),
  row('image', 'image/gif', 'gif'),
  row('image', 'image/webp', 'webp'),
  row('image', 'image/avif', 'avif'),
  row('image', 'image/heic', 'heic', ['heif', 'hif'], false),

  row('video', 'video/mp4', 'mp4', ['m4v']),
  row('video', 'video/quicktime', 'mov', ['qt']),
  row('video', 'video/x-msvideo', 'avi'),
  row('video', 'video/webm', 'webm'),
  row('video', 'video/x-matroska', 'mkv'),

  row('audio', 'audio/mpeg', 'mp3'),
  row('audio', 'audio/aac', 'aac'),
  row('audio', 'audio/mp4', 'm4a', ['m4b', 'mp4']),
  row('audio', 'audio/ogg', 'ogg', ['oga', 'opus', 'spx']),
  row('audio', 'audio/webm', 'weba', ['webm']),
  row('audio', 'audio/x-matroska', 'mka', ['mkv']),
  row('audio', 'audio/flac', 'flac'),
  row('audio', 'audio/wav', 'wav', ['wave']),

  file('application/pdf', 'pdf'),
  file('application/msword', 'doc'),
  file('application/vnd.ms-excel', 'xls'),
  file('application/vnd.ms-powerpoint', 'ppt'),
  file(`${OOXML}.wordprocessingml.document`, 'docx'),
  file(`${OOXML}.spreadsheetml.sheet`, 'xlsx'),
  file(`${OOXML}.presentationml.presentation`, 'pptx'),
  file(`${ODF}.text`, 'odt'),
  file(`${ODF}.spreadsheet`, 'ods'),
  file(`${ODF}.presentation`, 'odp'),
  file('text/plain', 'txt', HARMLESS_TEXT),
  file('text/csv', 'csv'),
  file('text/markdown', 'md', ['markdown']),
  file('application/json', 'json'),

  archive('application/zip', 'zip'),
  archive('application/vnd.rar', 'rar'),
  archive('application/x-7z-compressed', '7z'),
  archive('application/x-tar', 'tar'),
  archive('application/gzip', 'gz', ['tgz']),
] as const satisfies readonly FileType[]

const BY_EXTENSION: ReadonlyMap<string, FileType> = new Map(FILE_TYPES.map((type) => [type.extension, type]))
const BY_MIME_TYPE: ReadonlyMap<string, FileType> = new Map(FILE_TYPES.map((type) => [type.mime_type, type]))

export function typeOfExtension(extension: string): FileType | undefined {
  return BY_EXTENSION.get(extension)
}

/** For a row that was stored: the type as sniff() once answered it. */
export function typeOfMime(mime_type: string): FileType | undefined {
  return BY_MIME_TYPE.get(mime_type)
}

const AUDIO_ALONE: Record<string, string> = { mp4: 'm4a', mov: 'm4a', webm: 'weba', mkv: 'mka' }

/** What a container of video is when it turns out to hold sound alone: not every recorder says so in the head. */
export function withoutPictures(type: FileType): FileType {
  return typeOfExtension(AUDIO_ALONE[type.extension] ?? '') ?? type
}
