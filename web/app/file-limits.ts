// What a conversation takes, so that a file that it does not take is refused before it has travelled.
import { effect } from '@preact/signals'
import type { AttachmentKind, ConversationSettings } from '../../src/sdk/client.js'
import { client, phase } from './client.js'
import { listOf } from './format.js'
import { t } from './language.js'
import { bytesOf } from './measures.js'

export const FILES_MAX = 10
/** Somebody may change them; then the server says so. */
const KEPT_MS = 60_000

const kept = new Map<string, { settings: ConversationSettings; until: number }>()

effect(() => {
  if (phase.value === 'out') kept.clear()
})

/** undefined where they cannot be read now: then the server says what it does not take. */
export async function limitsOf(conversationId: string): Promise<ConversationSettings | undefined> {
  const held = kept.get(conversationId)
  if (held && performance.now() < held.until) return held.settings
  const path = { id: conversationId }
  const settings = await client.call('GET /conversations/{id}/settings', { path }).catch(() => undefined)
  if (settings) kept.set(conversationId, { settings, until: performance.now() + KEPT_MS })
  return settings
}

/** As the browser takes it; the server looks at its bytes. */
export function kindOf({ type }: Pick<File, 'type'>): Exclude<AttachmentKind, 'voice'> {
  const [kind] = type.split('/', 1)
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'file'
}

/** Why it would not be taken, in a sentence. */
export function whyNot(file: File, isVoice: boolean, limits: ConversationSettings | undefined): string | undefined {
  const say = t().files
  if (file.size === 0) return say.empty
  if (!limits) return undefined
  const { media_allowed, max_file_size, allowed_file_types } = limits
  if (!media_allowed) return say.noneHere
  if (allowed_file_types && !allowed_file_types.includes(isVoice ? 'voice' : kindOf(file))) {
    return say.onlyKinds(listOf(allowed_file_types.map((kind) => t().message.kinds[kind])))
  }
  return max_file_size !== null && file.size > max_file_size ? say.tooLarge(bytesOf(max_file_size)) : undefined
}
