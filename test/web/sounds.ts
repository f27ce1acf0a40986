/** So many seconds of a tone, as a WAV file; `loudness`, from 0 to 1, at each of them. */
export function wav(seconds: number, loudness: (second: number) => number = () => 0.5): Buffer {
  const rate = 8_000
  const bytes = Buffer.alloc(44 + seconds * rate)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate, 28)
  bytes.writeUInt16LE(1, 32)
  bytes.writeUInt16LE(8, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(bytes.length - 44, 40)
  for (let at = 44; at < bytes.length; at++) {
    bytes[at] = 128 + Math.round(120 * loudness((at - 44) / rate) * Math.sin(at / 3))
  }
  return bytes
}
