// Which language is spoken, and by that in which direction. English is always there; the others are loaded when they are wanted.
import { computed, signal } from '@preact/signals'
import { en, type Texts } from '../text/en.js'
import { regional } from '../text/plural.js'
import { recall, remember } from './remembered.js'

export const LANGUAGES = { en: 'English', ar: 'العربية' } as const
export type Language = keyof typeof LANGUAGES

const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(['ar'])
const LOAD: Record<Language, () => Promise<Texts>> = {
  en: async () => en,
  ar: async () => (await import('../text/ar.js')).ar,
}

const spoken = signal<{ language: Language; texts: Texts }>({ language: 'en', texts: en })

export const language = computed(() => spoken.value.language)
export const locale = computed(() => regional(language.value))

/** All words, in the language of now. */
export function t(): Texts {
  return spoken.value.texts
}

/** What was chosen here, or else the first that the browser asks for and that there is. */
export function wantedLanguage(): Language {
  const wanted = [recall('language') ?? '', ...navigator.languages].map(languageOf)
  return wanted.find((one): one is Language => Object.hasOwn(LANGUAGES, one)) ?? 'en'
}

export async function speak(wanted: Language): Promise<void> {
  // What cannot be loaded without a network is not worth an empty page.
  const texts = await LOAD[wanted]().catch(() => undefined)
  spoken.value = texts ? { language: wanted, texts } : { language: 'en', texts: en }
  const { documentElement: html } = document
  html.lang = language.value
  html.dir = RIGHT_TO_LEFT.has(language.value) ? 'rtl' : 'ltr'
}

export function chooseLanguage(chosen: Language): Promise<void> {
  remember('language', chosen)
  return speak(chosen)
}

const languageOf = (tag: string): string => tag.split('-', 1)[0]?.toLowerCase() ?? ''
