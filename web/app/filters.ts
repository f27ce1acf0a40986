// Which conversations the list shows: by what is written above it, and by what was chosen there.
import { computed, effect, signal } from '@preact/signals'
import type { Conversation } from '../../src/sdk/client.js'
import { archived, conversations, phase } from './client.js'
import { titleOf } from './titles.js'

export const KINDS = ['all', 'unread', 'groups', 'archived'] as const
export type Kind = (typeof KINDS)[number]

export const kind = signal<Kind>('all')
export const words = signal('')

const FITS: Record<Kind, (conversation: Conversation) => boolean> = {
  all: () => true,
  unread: ({ me }) => me.unread_count > 0,
  groups: ({ type }) => type === 'group',
  archived: () => true,
}

export const chosen = computed(() => {
  const all = kind.value === 'archived' ? archived.value : conversations.value
  const isWanted = FITS[kind.value]
  const query = plain(words.value)
  return all.filter((one) => isWanted(one) && (query === '' || matches(one, query)))
})

export const isFiltered = computed(() => kind.value !== 'all' || words.value.trim() !== '')

export function matches(conversation: Conversation, query: string): boolean {
  return plain(`${titleOf(conversation)} ${conversation.peer?.username ?? ''}`).includes(query)
}

/** Whatever the case, and without accents: nobody should need the right keyboard to find somebody. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').trim().toLowerCase()
}

export function clearFilters(): void {
  kind.value = 'all'
  words.value = ''
}

effect(() => {
  if (phase.value === 'out') clearFilters()
})
