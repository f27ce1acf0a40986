// What users see of a name that somebody else has chosen, on every system that they may save it to.
import { HARD } from '../contract/limits.js'
import { typeOfExtension } from './file-types.js'

/** More than any name that is cut to HARD.filename needs; it bounds the work for the rest. */
const LOOKED_AT = 4_096
const MAX_BYTES = 255
const MAX_EXTENSION = 16

// Those that turn a line around (gpj.exe reads as exe.jpg), those that end one, and the byte order mark.
const DECEIVING = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu
/** Windows knows no such character in a name; a colon there opens a hidden stream of the file. */
const FORBIDDEN = /[<>:"|?*]/g
const EDGES = /^[.\s]+|[.\s]+$/gu
/** Devices of Windows, whatever extension follows. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i

/** What follows the last dot, in lower case; empty when there is none. */
export function extensionOf(filename: string): string {
  return /\.([a-z0-9]{1,16})$/i.exec(filename.slice(-LOOKED_AT).trimEnd())?.[1]?.toLowerCase() ?? ''
}

/**
 * A name for a file whose content is of the type with this extension: no folders, nothing invisible that deceives, at
 * most HARD.filename characters and 255 bytes. A name keeps its last extension when it is one of that type's; else the
 * type's own is appended, whatever the name says (`photo.jpg.exe` -> `photo.jpg.exe.jpg`).
 */
export function safeFilename(name: string | undefined, extension: string): string {
  const last = (name ?? '')
    .slice(-LOOKED_AT)
    .toWellFormed()
    .split(/[/\\]/)
    .at(-1)
    ?.replace(DECEIVING, '')
    .replace(FORBIDDEN, '_')
    .normalize('NFC')
    .replace(EDGES, '')
  if (!last) return `file.${extension}`
  const bare = RESERVED.test(last) ? `_${last}` : last

  const named = extensionOf(bare)
  const keeps = named === extension || (typeOfExtension(extension)?.also.includes(named) ?? false)
  const ending = keeps ? bare.slice(-named.length - 1) : `.${extension.slice(0, MAX_EXTENSION)}`
  const stem = keeps ? bare.slice(0, -ending.length) : bare
  const kept = cut(stem, HARD.filename - ending.length, MAX_BYTES - ending.length).replace(EDGES, '')
  return `${kept || 'file'}${ending}`
}

function cut(text: string, characters: number, bytes: number): string {
  let kept = ''
  let count = 0
  let size = 0
  for (const character of text) {
    size += Buffer.byteLength(character)
    if (++count > characters || size > bytes) break
    kept += character
  }
  return kept
}
