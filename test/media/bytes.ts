// Files made byte by byte: heads of every type, and archives that lie.
import { crc32 } from 'node:zlib'

export const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** The head as given, with zeros behind it as in most binary files. */
export const head = (text: string, length = 512) =>
  Buffer.concat([latin1(text), Buffer.alloc(length)]).subarray(0, length)

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A box of an MP4. */
export function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([u32(body.length + 8), latin1(type), body])
}

export const ftyp = (major: string, ...compatible: string[]) =>
  box('ftyp', latin1(major), u32(0), latin1(compatible.join('')))

/** As much of a track as says what it is of. */
export const track = (handler: 'vide' | 'soun') =>
  box('trak', box('mdia', box('hdlr', Buffer.alloc(8), latin1(handler), Buffer.alloc(12))))

export function ebml(doctype: string, ...codecs: string[]): Buffer {
  const element = (id: string, body: Buffer) => Buffer.concat([latin1(id), Buffer.from([0x80 | body.length]), body])
  return Buffer.concat([
    element('\x1a\x45\xdf\xa3', element('\x42\x82', latin1(doctype))),
    latin1('\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff'),
    ...codecs.map((codec) => element('\x86', latin1(codec))),
    latin1('\x1f\x43\xb6\x75\xff\x86\x85V_AAA'),
    Buffer.alloc(64),
  ])
}

export const ogg = (codec: string) => Buffer.concat([latin1('OggS'), Buffer.alloc(24), latin1(codec), Buffer.alloc(64)])

/** Entries without compression, and no directory behind them: what a head of a zip holds. */
export function zip(entries: Record<string, string>): Buffer {
  return Buffer.concat(Object.entries(entries).map(([name, content]) => zipEntry(name, content)))
}

export function zipEntry(name: string, content = ''): Buffer {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt32LE(crc32(content), 14)
  header.writeUInt32LE(content.length, 18)
  header.writeUInt32LE(content.length, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, latin1(name), latin1(content)])
}

export const ooxml = (main: string) =>
  zip({
    '[Content_Types].xml': `<Types><Override ContentType="application/vnd.openxmlformats-officedocument.${main}.main+xml"/></Types>`,
    '_rels/.rels': '<Relationships/>',
  })

export const odf = (type: string) =>
  zip({ mimetype: `application/vnd.oasis.opendocument.${type}`, 'content.xml': '<x/>' })

export function tar(name: string): Buffer {
  const header = Buffer.alloc(512)
  header.write(name)
  header.write('ustar\x0000', 257, 'latin1')
  return Buffer.concat([header, Buffer.alloc(1024)])
}

/** One chunk of a PNG, with its right checksum. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([latin1(type), data])
  return Buffer.concat([u32(data.length), body, u32(crc32(body))])
}
