import { AppError } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import { countCharacters } from '../kit/text.js'

/** As it is stored: beside files it may be missing. @throws AppError message.empty, .too_long */
export function readText(content: string, files: number, limits: Limits): string | null {
  if (content.trim() === '') {
    if (files > 0) return null
    throw new AppError('message.empty')
  }
  const tooLong =
    Buffer.byteLength(content) > limits.message_bytes ||
    (content.length > limits.message_length && countCharacters(content) > limits.message_length)
  if (tooLong) {
    throw new AppError('message.too_long', {
      detail: `At most ${limits.message_length} characters and ${limits.message_bytes} bytes`,
    })
  }
  return content
}
