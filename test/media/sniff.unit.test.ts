import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { FILE_TYPES, typeOfMime, withoutPictures } from '../../src/media/file-types.js'
import { SAMPLE_BYTES, sniff } from '../../src/media/sniff.js'
import { box, ebml, ftyp, head, latin1, odf, ogg, ooxml, tar, track, zip, zipEntry } from './bytes.js'

const CFB = head('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')
const PNG = head('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR')

/** A head of each type, by the extension of the table. */
const HEADS: Record<string, Buffer | [Buffer, string]> = {
  jpg: head('\xff\xd8\xff\xe0\0\x10JFIF\0'),
  png: PNG,
  gif: head('GIF89a\x01\0\x01\0'),
  webp: head('RIFF\x20\0\0\0WEBPVP8 '),
  avif: head(ftyp('avif', 'mif1', 'miaf').toString('latin1')),
  heic: head(ftyp('heic', 'mif1', 'heic').toString('latin1')),
  mp4: head(ftyp('isom', 'isom', 'avc1').toString('latin1')),
  mov: head(ftyp('qt  ', 'qt  ').toString('latin1')),
  avi: head('RIFF\x20\0\0\0AVI LIST'),
  webm: ebml('webm', 'V_VP9', 'A_OPUS'),
  mkv: ebml('matroska', 'V_MPEG4/ISO/AVC', 'A_AAC'),
  mp3: head('\xff\xfb\x90\x64'),
  aac: head('\xff\xf1\x50\x80'),
  m4a: head(ftyp('M4A ', 'isom').toString('latin1')),
  ogg: ogg('\x01vorbis'),
  weba: ebml('webm', 'A_OPUS'),
  mka: ebml('matroska', 'A_FLAC'),
  flac: head('fLaC\0\0\0\x22'),
  wav: head('RIFF\x20\0\0\0WAVEfmt '),
  pdf: latin1('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n'),
  doc: [CFB, 'letter.doc'],
  xls: [CFB, 'sums.xls'],
  ppt: [CFB, 'talk.PPT'],
  docx: ooxml('wordprocessingml.document'),
  xlsx: ooxml('spreadsheetml.sheet'),
  pptx: ooxml('presentationml.presentation'),
  odt: odf('text'),
  ods: odf('spreadsheet'),
  odp: odf('presentation'),
  txt: latin1('Hello, world\r\n\tit is late'),
  csv: [latin1('a,b\n1,2\n'), 'table.csv'],
  md: [latin1('# Title\n'), 'README.md'],
  json: [latin1('{"a": 1}'), 'a.json'],
  zip: zip({ 'a.txt': 'hello' }),
  rar: head('Rar!\x1a\x07\x01\0'),
  '7z': head('7z\xbc\xaf\x27\x1c'),
  tar: tar('a.txt'),
  gz: gzipSync('hello'),
}

test('every type of the table is known by its first bytes, whatever the name says', async () => {
  expect(Object.keys(HEADS).sort()).toEqual(FILE_TYPES.map(({ extension }) => extension).sort())
  for (const [extension, given] of Object.entries(HEADS)) {
    const [bytes, name] = Buffer.isBuffer(given) ? [given, 'evil.html'] : given
    expect([extension, (await sniff(bytes, name))?.extension]).toEqual([extension, extension])
  }
})

test('the table has each extension and type once, and only what browsers show is inline', () => {
  expect(new Set(FILE_TYPES.map(({ mime_type }) => mime_type)).size).toBe(FILE_TYPES.length)
  expect(new Set(FILE_TYPES.map(({ extension }) => extension)).size).toBe(FILE_TYPES.length)
  const downloads = FILE_TYPES.filter(({ inline }) => !inline).map(({ kind, extension }) => [kind, extension])
  expect(downloads.filter(([kind]) => kind !== 'file')).toEqual([['image', 'heic']])
  expect(FILE_TYPES.filter(({ kind, inline }) => kind === 'file' && inline)).toEqual([])
  expect(typeOfMime('image/svg+xml')).toBeUndefined()
  expect(typeOfMime('text/html')).toBeUndefined()
})

test('programs and unknown binary are refused, also under the name of a picture', async () => {
  const refused: Record<string, Buffer> = {
    exe: head('MZ\x90\0\x03'),
    elf: head('\x7fELF\x02\x01\x01'),
    macho: head('\xcf\xfa\xed\xfe\x07\0\0\x01'),
    class: head('\xca\xfe\xba\xbe\0\0\0\x34'),
    wasm: head('\0asm\x01\0\0\0'),
    jar: zip({ 'META-INF/MANIFEST.MF': 'Main-Class: X' }),
    apk: zip({ 'classes.dex': 'dex' }),
    flash: head('FWS\x05'),
    postscript: head('%!PS-Adobe-3.0\0'),
    bmp: head('BM\x20\0\0\0'),
    tiff: head('II*\0\x08\0\0\0'),
    ogv: ogg('\x80theora'),
    threegp: head(ftyp('3gp5', '3gp5').toString('latin1')),
    cfb: CFB,
    random: Buffer.from('00ff10ae77fe80c10199', 'hex'),
    bom: Buffer.concat([latin1('\xef\xbb\xbf'), PNG]),
    latin1: latin1('caf\xe9'),
    empty: Buffer.alloc(0),
    one: Buffer.from([0xff]),
  }
  for (const [what, bytes] of Object.entries(refused)) {
    expect([what, await sniff(bytes, 'photo.jpg')]).toEqual([what, undefined])
  }
  const macros = zip({ '[Content_Types].xml': 'ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"' })
  expect(await sniff(macros, 'letter.docm')).toBeUndefined()
  expect(await sniff(CFB, 'setup.msi')).toBeUndefined()
})

test('the name chooses among downloads of one container, and nothing else', async () => {
  const plain = zip({ 'a/b': 'x' })
  expect((await sniff(plain, 'letter.docx'))?.extension).toBe('docx')
  expect((await sniff(plain, 'letter.odt'))?.extension).toBe('odt')
  expect((await sniff(plain, 'letter.jpg'))?.extension).toBe('zip')
  expect((await sniff(plain, 'letter.docm'))?.extension).toBe('zip')
  expect((await sniff(plain, 'tool.jar'))?.extension).toBe('zip')
  expect((await sniff(PNG, 'a.csv'))?.extension).toBe('png')
  expect((await sniff(latin1('hi'), 'a.docx'))?.extension).toBe('txt')
  expect((await sniff(ooxml('spreadsheetml.sheet'), 'a.docx'))?.extension).toBe('xlsx')
})

test('active text is a plain download', async () => {
  const texts = {
    'a.svg': '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    'b.svg': '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    'a.html': '<!doctype html><script>alert(1)</script>',
    'a.pdf': '<html><script>1</script>%PDF-1.4',
    'a.js': 'GIF89a=1;alert(1)',
    'a.bat': 'MZ is no program here\r\n',
    'a.bmp': 'BM',
  }
  for (const [name, text] of Object.entries(texts)) {
    expect([name, await sniff(latin1(text), name)]).toMatchObject([name, { mime_type: 'text/plain', inline: false }])
  }
  expect(await sniff(Buffer.from('\ufeff<?xml version="1.0"?><svg/>', 'utf16le'), 'a.svg')).toMatchObject({
    mime_type: 'text/plain',
  })
})

test('text is UTF-8 or marked UTF-16, may end in half a character only where the sample does, and has no controls', async () => {
  const long = Buffer.concat([Buffer.alloc(SAMPLE_BYTES - 1, 'a'), Buffer.from('é')])
  expect((await sniff(long.subarray(0, SAMPLE_BYTES), 'a'))?.extension).toBe('txt')
  expect((await sniff(long, 'a'))?.extension).toBe('txt')
  expect(await sniff(Buffer.from('é').subarray(0, 1), 'a')).toBeUndefined()
  expect((await sniff(Buffer.from('\ufeffGrüße 🎉', 'utf16le'), 'a'))?.extension).toBe('txt')
  expect((await sniff(Buffer.from('\ufeffGrüße 🎉', 'utf16le').swap16(), 'a'))?.extension).toBe('txt')
  expect((await sniff(Buffer.from('\ufeffGrüße 🎉'), 'a'))?.extension).toBe('txt')
  expect(await sniff(latin1('nul\0'), 'a.txt')).toBeUndefined()
  expect(await sniff(latin1('escape \x1b[2J'), 'a.txt')).toBeUndefined()
})

test('a second file behind or inside the first does not change what it is', async () => {
  const jpeg = HEADS.jpg as Buffer
  expect((await sniff(Buffer.concat([jpeg, zip({ 'a.txt': 'x' })]), 'a.zip'))?.extension).toBe('jpg')
  expect((await sniff(latin1('%PDF-1.7\n<script>alert(1)</script>'), 'a.html'))?.mime_type).toBe('application/pdf')
  expect((await sniff(Buffer.concat([PNG, latin1('<script>')]), 'a.html'))?.extension).toBe('png')
  expect((await sniff(head('GIF89a/*\0\0'), 'a.js'))?.extension).toBe('gif')
  // Empty tags in front: what is behind them would be looked at.
  expect(await sniff(Buffer.concat([latin1('ID3\x03\0\0\0\0\0\0'), PNG]), 'a.png')).toBeUndefined()
  expect((await sniff(head('ID3\x03\0\0\0\0\x7f\x7f'), 'a.mp3'))?.extension).toBe('mp3')
})

test('a recording in a container of video is audio when its head lists no picture', async () => {
  const mp4 = (...tracks: Buffer[]) => Buffer.concat([ftyp('isom', 'isom', 'mp42'), box('moov', ...tracks)])
  expect((await sniff(mp4(track('soun')), 'a.mp4'))?.mime_type).toBe('audio/mp4')
  expect((await sniff(mp4(track('soun'), track('vide')), 'a.m4a'))?.mime_type).toBe('video/mp4')
  expect((await sniff(mp4(track('soun')).subarray(0, -1), 'a.mp4'))?.mime_type).toBe('video/mp4')
  const video = await sniff(mp4(track('vide')), 'a')
  expect(video && withoutPictures(video).mime_type).toBe('audio/mp4')
  const png = await sniff(PNG, 'a')
  expect(png && withoutPictures(png)).toBe(png)
})

test('a picture with the brand of nobody is a picture by its compatible brands', async () => {
  expect((await sniff(ftyp('MiHE', 'mif1', 'heic'), 'a.mp4'))?.mime_type).toBe('image/heic')
  expect((await sniff(ftyp('MiPr', 'avif', 'mif1'), 'a.mp4'))?.mime_type).toBe('image/avif')
  expect((await sniff(ftyp('XAVC', 'mp42', 'mif1'), 'a.mp4'))?.mime_type).toBe('video/mp4')
  expect((await sniff(head('\xff\xff\xff\xffftypabcd'), 'a'))?.mime_type).toBe('video/mp4')
})

test('a zip of a million entries and a gzip of zeros cost no more than the sample', async () => {
  const entries = Buffer.concat(Array.from({ length: 200_000 }, () => zipEntry('a')))
  const bomb = gzipSync(Buffer.alloc(64_000_000))
  const before = process.cpuUsage()
  expect((await sniff(entries, 'a.zip'))?.extension).toBe('zip')
  expect((await sniff(bomb, 'a.gz'))?.extension).toBe('gz')
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(200)
  // What is behind the sample is not seen: a program there is a zip here, and its name will say so.
  const late = Buffer.concat([zipEntry('a', 'x'.repeat(SAMPLE_BYTES)), zipEntry('META-INF/MANIFEST.MF', 'x')])
  expect((await sniff(late, 'a.jar'))?.extension).toBe('zip')
})

/** The head of what Chromium records: before the tracks it lists where they are, and where the first cluster is. */
const RECORDED = `GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAEHNEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uE
H0O2dVOsgddNu4xTq4QcU7trU6yCQbvsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYREtAAATYCGQ2hy
b21lV0GGQ2hyb21lFlSua7+uvdeBAXPFh7WMvFmrScuDgQKGhkFfT1BVU2Oik09wdXNIZWFkAQEAAIC7AAAAAADhjbWERzuAAJ+BAWJkgSAfQ7Z1AQAAAAAAQNjngQCj
jIEAAID7A//+`

test('what a browser has recorded is sound', async () => {
  expect((await sniff(Buffer.from(RECORDED, 'base64'), 'voice.webm'))?.mime_type).toBe('audio/webm')
})
