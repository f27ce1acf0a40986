// What axe-core finds wrong with a page, for WCAG 2.2 AA and its own good practices.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Found = { violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }

/** Empty if there is nothing. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(await source)
  // What fades in has other colours meanwhile. What turns for ever has no end to wait for.
  await page.evaluate(() => {
    const isEnding = (one: Animation) => one.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY
    const ending = document.getAnimations().filter(isEnding)
    return Promise.all(ending.map((one) => one.finished.catch(() => undefined)))
  })
  const { violations } = (await page.evaluate('axe.run()')) as Found
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((one) => `${id} ${one.target.join(' ')}: ${one.failureSummary}`),
  )
}
