// What a file is, by its first bytes alone. The name is believed only where it picks among downloads that share one
// container (a .docx is a .zip), and a header of the client is never believed.
//
// The sample bounds what a hostile file can cost: no list of a million entries and no unpacking goes beyond it.
import { fileTypeFromBuffer } from 'file-type'
import { type FileType, typeOfExtension } from './file-types.js'
import { extensionOf } from './filenames.js'

/** How much of the head sniff() wants to see. */
export const SAMPLE_BYTES = 65_536

/** What file-type calls it -> our extension. Missing: programs (exe, elf, jar, apk, wasm) and all that we do not know. */
const TAKEN: Record<string, string> = {
  ...{ jpg: 'jpg', png: 'png', apng: 'png', gif: 'gif', webp: 'webp', avif: 'avif', heic: 'heic' },
  ...{ mp4: 'mp4', m4v: 'mp4', m4p: 'mp4', f4v: 'mp4', f4p: 'mp4', mov: 'mov', avi: 'avi', webm: 'webm', mkv: 'mkv' },
  ...{ mp3: 'mp3', aac: 'aac', m4a: 'm4a', m4b: 'm4a', f4a: 'm4a', f4b: 'm4a', flac: 'flac', wav: 'wav' },
  ...{ ogg: 'ogg', oga: 'ogg', opus: 'ogg', spx: 'ogg' },
  ...{ docx: 'docx', xlsx: 'xlsx', pptx: 'pptx', odt: 'odt', ods: 'ods', odp: 'odp' },
  ...{ zip: 'zip', epub: 'zip', rar: 'rar', '7z': '7z', tar: 'tar' },
}

const IN_ZIP = new Set(['docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp'])
const IN_CFB = new Set(['doc', 'xls', 'ppt'])
const IN_TEXT = new Set(['csv', 'md', 'json'])

/** The type of a file with this head, if files of that type are taken at all. */
export async function sniff(sample: Uint8Array, filename: string): Promise<FileType | undefined> {
  const head = sample.subarray(0, SAMPLE_BYTES)
  const extension = await extensionByContent(head, extensionOf(filename))
  return extension === undefined ? undefined : typeOfExtension(extension)
}

async function extensionByContent(head: Uint8Array, named: string): Promise<string | undefined> {
  if (startsWith(head, '%PDF-')) return 'pdf'
  // Before any magic: two letters of a sentence ("BM", "MZ") are magic to file-type, and behind a byte order mark it
  // looks on. SVG, HTML and scripts are text like any other here, so they are never more than a text/plain download:
  // no browser runs that, and people can still read what they were sent.
  if (isText(head)) return IN_TEXT.has(named) ? named : 'txt'
  if (startsWith(head, '\xef\xbb\xbf')) return undefined
  // file-type would unpack it to look for a tar: 16 MB of zeros out of a sample of 16 KB.
  if (startsWith(head, '\x1f\x8b\x08')) return 'gz'

  // It throws on some broken files, which are then as unknown as all others.
  const found = (await fileTypeFromBuffer(head).catch(() => undefined))?.ext
  if (startsWith(head, 'ID3')) return soundBehindTags(found)
  if (found === 'cfb') return IN_CFB.has(named) ? named : undefined
  const taken = found === undefined ? undefined : TAKEN[found]
  if (taken === 'zip' && IN_ZIP.has(named)) return named
  if (taken === 'mp4') return insideMp4(head)
  if (taken === 'webm' && isMatroskaSound(head)) return 'weba'
  if (taken === 'mkv' && isMatroskaSound(head)) return 'mka'
  return taken
}

/** Tags are longer than the sample (a cover), or padded: an MP3 then. What is behind them may be no picture or zip. */
function soundBehindTags(found: string | undefined): string | undefined {
  if (found === undefined) return 'mp3'
  return found === 'mp3' || found === 'aac' || found === 'flac' ? found : undefined
}

const STILLS = ['heic', 'heix', 'heim', 'heis', 'mif1', 'mif2', 'msf1', 'hevc', 'hevx']

/** file-type knows the major brand; the compatible ones tell a picture, and the tracks (when in reach) a recording. */
function insideMp4(head: Uint8Array): string {
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const brands: string[] = []
  for (let at = 8; at + 4 <= Math.min(latin1.readUInt32BE(0), latin1.length, 256); at += 4) {
    brands.push(latin1.toString('latin1', at, at + 4))
  }
  const isVideo = brands.some((brand) => /^(isom|iso\d|mp4\d|avc1|M4V)/.test(brand))
  if (!isVideo && brands.includes('avif')) return 'avif'
  if (!isVideo && brands.some((brand) => STILLS.includes(brand))) return 'heic'
  return isMp4Sound(latin1) ? 'm4a' : 'mp4'
}

/** True when the whole list of tracks is in the sample and none of them is a picture. */
function isMp4Sound(head: Buffer): boolean {
  for (let at = 0; at + 8 <= head.length; ) {
    const size = head.readUInt32BE(at)
    if (head.toString('latin1', at + 4, at + 8) === 'moov') {
      if (at + size > head.length) return false
      const handlers = [...head.toString('latin1', at, at + size).matchAll(/hdlr.{8}(.{4})/gs)].map(([, is]) => is)
      return handlers.includes('soun') && !handlers.includes('vide')
    }
    if (size < 8) return false
    at += size
  }
  return false
}

/** Where a cluster begins. A list of what is where, as browsers write it before their recordings, names its id as well. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: bytes
const CLUSTER = /(?<!\x53\xab\x84)\x1f\x43\xb6\x75/

/** CodecID elements of the tracks, which stand before the first cluster. */
function isMatroskaSound(head: Uint8Array): boolean {
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  const [tracks = ''] = latin1.split(CLUSTER, 1)
  const codecs = [...tracks.matchAll(/\x86[\x81-\x9f]([AVS])_/g)].map(([, kind]) => kind)
  return codecs.includes('A') && !codecs.includes('V')
}

/** UTF-8, or UTF-16 that says so, without control characters. Bytes of an older encoding could be anything. */
function isText(head: Uint8Array): boolean {
  if (head.length === 0) return false
  const encoding = startsWith(head, '\xff\xfe') ? 'utf-16le' : startsWith(head, '\xfe\xff') ? 'utf-16be' : 'utf-8'
  try {
    // Only where the sample was cut may the last character be half.
    const text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: head.length === SAMPLE_BYTES })
    return !/[^\P{Cc}\t\n\f\r\x85]/u.test(text)
  } catch {
    return false
  }
}

function startsWith(head: Uint8Array, magic: string): boolean {
  return head.length >= magic.length && [...magic].every((char, index) => head[index] === char.charCodeAt(0))
}
