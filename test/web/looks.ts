// How a tour of screens is looked at: by axe, and by what a tour of its own cannot see.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { faultsOf } from './axe.js'
import { DESK, PHONE } from './pages.js'

/** Those that differ most: other tests look at the other two. */
export const LOOKS: [string, BrowserContextOptions][] = [
  ['light, on a phone', { ...PHONE, colorScheme: 'light' }],
  ['dark, on a desk', { ...DESK, colorScheme: 'dark' }],
  ['with forced colours and without motion', { ...DESK, forcedColors: 'active', reducedMotion: 'reduce' }],
]

export type Look = (screen: string, page: Page) => Promise<void>

/** What is wrong, by screen; nothing is left out that was looked at. */
export function watch(): { look: Look; faults: Record<string, string[]> } {
  const faults: Record<string, string[]> = {}
  return {
    faults,
    look: async (screen, page) => {
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      const moving = await page.evaluate(() => {
        const isUnwanted = matchMedia('(prefers-reduced-motion: reduce)').matches
        const isEndless = (one: Animation) => one.effect?.getComputedTiming().endTime === Number.POSITIVE_INFINITY
        return isUnwanted ? document.getAnimations().filter(isEndless).length : 0
      })
      // The colours of whoever has chosen their own are not those that the style sheet names, and that axe reads.
      const isForced = await page.evaluate(() => matchMedia('(forced-colors: active)').matches)
      faults[screen] = [
        ...(await faultsOf(page)).filter((one) => !isForced || !one.startsWith('color-contrast')),
        ...(wider ? ['wider than the window'] : []),
        ...(moving > 0 ? ['moves without end'] : []),
      ]
    },
  }
}

export const found = (faults: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(faults).filter(([, all]) => all.length > 0))
