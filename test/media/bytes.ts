// Files made byte by byte: heads of every type, and archives that lie.
import { crc32, deflateSync } from 'node:zlib'

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

/** A grey PNG, of one bit per pixel unless told: a small file of any size, all black. */
export function blackPng(width: number, height: number, depth: 1 | 16 = 1): Buffer {
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil((width * depth) / 8))))
  const header = Buffer.concat([u32(width), u32(height), Buffer.from([depth, 0, 0, 0, 0])])
  return Buffer.concat([PNG_MAGIC, pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND', Buffer.alloc(0))])
}

const PNG_MAGIC = latin1('\x89PNG\r\n\x1a\n')

/** A GIF of so many frames of one pixel on a screen of 16 x 16. */
export function gifOfFrames(count: number): Buffer {
  const start = latin1('GIF89a\x10\0\x10\0\x80\0\0\0\0\0\xff\xff\xff')
  const frame = latin1('\x21\xf9\x04\0\x01\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0')
  return Buffer.concat([start, ...Array.from({ length: count }, () => frame), latin1(';')])
}

/** What a HEIC holds of its picture before the pixels; there are none. */
export function heic(width: number, height: number): Buffer {
  const full = (type: string, ...content: Buffer[]) => box(type, u32(0), ...content)
  const u16 = (value: number) => u32(value).subarray(2)
  const hvcc = Buffer.alloc(23)
  hvcc[0] = 1
  const entry = box('infe', Buffer.from([2, 0, 0, 0]), u16(1), u16(0), latin1('hvc1\0'))
  const properties = box('ipco', box('hvcC', hvcc), full('ispe', u32(width), u32(height)))
  const uses = full('ipma', u32(1), u16(1), Buffer.from([2, 0x81, 0x02]))
  const place = full('iloc', Buffer.from([0x44, 0]), u16(1), u16(1), u16(0), u16(1), u32(0), u32(4))
  return Buffer.concat([
    ftyp('heic', 'mif1', 'heic'),
    full(
      'meta',
      full('hdlr', u32(0), latin1('pict'), Buffer.alloc(13)),
      full('pitm', u16(1)),
      full('iinf', u16(1), entry),
      box('iprp', properties, uses),
      place,
    ),
    box('mdat', Buffer.alloc(16)),
  ])
}
