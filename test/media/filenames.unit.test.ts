import { expect, test } from 'vitest'
import { extensionOf, safeFilename } from '../../src/media/filenames.js'

test('a good name stays as it is', () => {
  for (const name of ['photo.jpg', 'Photo.JPEG', 'Ünïcode 日本.jpg', '👩‍👩‍👧.jpg', 'a.b.jpg']) {
    expect(safeFilename(name, 'jpg')).toBe(name)
  }
  expect(safeFilename('notes.log', 'txt')).toBe('notes.log')
  expect(safeFilename('all.tar.gz', 'gz')).toBe('all.tar.gz')
})

test('folders, controls, and what turns a line around are gone', () => {
  expect(safeFilename('../../etc/passwd', 'txt')).toBe('passwd.txt')
  expect(safeFilename('C:\\Users\\me\\a.png', 'png')).toBe('a.png')
  expect(safeFilename('a\0b\r\n.png', 'png')).toBe('ab.png')
  expect(safeFilename('exe\u202egpj.png', 'png')).toBe('exegpj.png')
  expect(safeFilename('\u2066a\u2069\u200e\u200f\ufeff\u2028.png', 'png')).toBe('a.png')
  expect(safeFilename('a.png:evil.exe', 'png')).toBe('a.png_evil.exe.png')
  expect(safeFilename('a"<b>|?*.png', 'png')).toBe('a__b____.png')
  expect(safeFilename('.htaccess', 'txt')).toBe('htaccess.txt')
  expect(safeFilename('a.png. . ', 'png')).toBe('a.png')
  expect(safeFilename('half \ud800.png', 'png')).toBe('half \ufffd.png')
  expect(safeFilename('e\u0301.png', 'png')).toBe('é.png')
})

test('a name of nothing is file', () => {
  for (const name of [undefined, '', '...', '/', '..', 'a/', '\u202e', ' \t ']) {
    expect(safeFilename(name, 'pdf')).toBe('file.pdf')
  }
  expect(safeFilename('.pdf', 'pdf')).toBe('pdf.pdf')
})

test('an extension of another type does not end the name', () => {
  expect(safeFilename('photo.jpg.exe', 'jpg')).toBe('photo.jpg.exe.jpg')
  expect(safeFilename('invoice.html', 'png')).toBe('invoice.html.png')
  expect(safeFilename('script.js', 'txt')).toBe('script.js.txt')
  expect(safeFilename('tool.jar', 'zip')).toBe('tool.jar.zip')
  expect(safeFilename('version 1.2', 'pdf')).toBe('version 1.2.pdf')
  expect(safeFilename('picture.svg', 'txt')).toBe('picture.svg.txt')
})

test('devices of Windows are not names', () => {
  expect(safeFilename('CON', 'txt')).toBe('_CON.txt')
  expect(safeFilename('nul.png', 'png')).toBe('_nul.png')
  expect(safeFilename('com1.tar.gz', 'gz')).toBe('_com1.tar.gz')
  expect(safeFilename('aux .txt', 'txt')).toBe('_aux.txt')
  expect(safeFilename('console.txt', 'txt')).toBe('console.txt')
})

test('a long name is cut between characters and keeps its extension', () => {
  expect(safeFilename(`${'a'.repeat(251)}.png`, 'png')).toBe(`${'a'.repeat(251)}.png`)
  expect(safeFilename(`${'a'.repeat(252)}.png`, 'png')).toBe(`${'a'.repeat(251)}.png`)
  expect(safeFilename('b'.repeat(5_000), 'jpg')).toBe(`${'b'.repeat(251)}.jpg`)
  const emoji = safeFilename(`${'🎉'.repeat(2_500)}.jpg`, 'jpg')
  expect(Buffer.byteLength(emoji)).toBe(62 * 4 + 4)
  expect(emoji.isWellFormed()).toBe(true)
  for (const name of [`con.${'x'.repeat(300)}`, `${'é'.repeat(300)}.${'y'.repeat(16)}`]) {
    expect(Buffer.byteLength(safeFilename(name, 'docx'))).toBeLessThanOrEqual(255)
  }
})

test('the extension is what follows the last dot', () => {
  expect(['a.TXT', 'a.b.c', 'a', '.x', 'a.', 'a.b c', `a.${'x'.repeat(17)}`].map(extensionOf)).toEqual([
    'txt',
    'c',
    '',
    'x',
    '',
    '',
    '',
  ])
})
