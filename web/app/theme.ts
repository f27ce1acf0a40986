import { effect, signal } from '@preact/signals'
import { recall, remember } from './remembered.js'

export const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const kept = recall('theme')
export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system')

const query = matchMedia('(prefers-color-scheme: dark)')
const isDark = signal(query.matches)
query.addEventListener('change', ({ matches }) => {
  isDark.value = matches
})

/** web/early.ts does the same before the page is drawn. */
effect(() => {
  const system = isDark.value ? 'dark' : 'light'
  document.documentElement.dataset.theme = theme.value === 'system' ? system : theme.value
})

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  remember('theme', chosen === 'system' ? undefined : chosen)
}
