import { signal } from '@preact/signals'
import { recall, remember } from './remembered.js'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const kept = recall('theme')
export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system')

/** web/early.ts does the same before the page is drawn. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  remember('theme', chosen === 'system' ? undefined : chosen)
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
}
