import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'

/** One turn of a wheel in a hurry. */
const TURN_PX = 600
const TURN_MS = 16
/** So many turns between two looks at how far it is. */
const TURNS = 8

/** Scrolls up until what is asked in the page is true, for a while at most; `look` is called now and then. */
export async function wheelUp(page: Page, isDone: string, patience_ms: number, look = async () => {}): Promise<void> {
  const box = await page.locator('.messages').boundingBox()
  if (!box) throw new Error('there are no messages to scroll')
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  const until = performance.now() + patience_ms
  while (!(await page.evaluate(isDone)) && performance.now() < until) {
    for (let turn = 0; turn < TURNS; turn++) {
      await page.mouse.wheel(0, -TURN_PX)
      await delay(TURN_MS)
    }
    await look()
  }
}
