// To a message, by its address: also to the one whose address it is already.
import { computed, signal } from '@preact/signals'
import { go, place } from './router.js'

const turn = signal(0)

export type Target = { number: number; turn: number }

export const target = computed<Target | undefined>(() => {
  const at = place.value
  return at.name === 'conversation' && at.message !== undefined ? { number: at.message, turn: turn.value } : undefined
})

export function jumpTo(conversationId: string, number: number): void {
  turn.value++
  go(`/c/${conversationId}/m/${number}`)
}
