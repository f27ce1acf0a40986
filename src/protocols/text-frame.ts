// A text frame of a WebSocket as it goes over the wire, made once for all who get it. What a server sends is not masked, and is
// in one piece (RFC 6455 §5.2).

/** FIN, opcode 1. */
const WHOLE_TEXT = 0x81

export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = head(length)
  frame.write(text, frame.length - length)
  return frame
}

/** Several of them as one, whose text is a JSON array of theirs. */
export function arrayFrame(frames: readonly Buffer[]): Buffer {
  const texts = frames.map(textOf)
  const length = texts.reduce((sum, text) => sum + text.length + 1, 1)
  const frame = head(length)
  let at = frame.length - length
  for (const [n, text] of texts.entries()) {
    frame.write(n === 0 ? '[' : ',', at)
    text.copy(frame, at + 1)
    at += text.length + 1
  }
  frame.write(']', at)
  return frame
}

/** The bytes of its text. */
export function textOf(frame: Buffer): Buffer {
  const short = frame[1] ?? 0
  return frame.subarray(short < 126 ? 2 : short === 126 ? 4 : 10)
}

/** With room for a text of so many bytes behind it. */
function head(length: number): Buffer {
  if (length < 126) {
    const frame = Buffer.allocUnsafe(2 + length)
    frame[1] = length
    frame[0] = WHOLE_TEXT
    return frame
  }
  const isLong = length > 65_535
  const frame = Buffer.allocUnsafe((isLong ? 10 : 4) + length)
  frame[0] = WHOLE_TEXT
  frame[1] = isLong ? 127 : 126
  if (isLong) frame.writeBigUInt64BE(BigInt(length), 2)
  else frame.writeUInt16BE(length, 2)
  return frame
}
