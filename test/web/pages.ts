// The web app as people have it: the real server, the page as it is shipped, a real Chromium; each person with a browser of
// their own.
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { FLAGS, PROGRAM } from '../support/browser.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'

export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
export const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 800 } }

/** As long as everything in a page is waited for: what it shows follows what it has heard. */
export const PATIENT = { timeout: 15_000 }

export type Pages = AsyncDisposable & {
  world: World
  /** What was thrown in a page, and what its policy has refused. */
  errors: string[]
  /** The start page, in a browser that nobody has used. */
  open: (options?: BrowserContextOptions, path?: string) => Promise<Page>
  /** The same, with somebody signed in. */
  enter: (name: string, options?: BrowserContextOptions) => Promise<Page>
}

/** `flags`: of the browser, beside those of every test. */
export async function openPages(settings: Record<string, string> = {}, flags: string[] = []): Promise<Pages> {
  const world = await startWorld(settings)
  const program = await chromium.launch({ executablePath: PROGRAM, args: [...FLAGS, ...flags] })
  const errors: string[] = []

  async function open(options: BrowserContextOptions = DESK, path = '/'): Promise<Page> {
    const context = await program.newContext({ locale: 'en-GB', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENT.timeout)
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (/Content.Security.Policy|TrustedScript/i.test(message.text())) errors.push(message.text())
    })
    await page.goto(world.node.url + path)
    return page
  }

  return {
    world,
    errors,
    open,
    async enter(name, options) {
      const page = await open(options)
      await page.locator('input[name=login]').fill(name)
      await page.locator('input[name=password]').fill(PASSWORD)
      await page.locator('button[type=submit]').click()
      await page.locator('.sidebar').waitFor({ state: 'attached' })
      return page
    },
    async [Symbol.asyncDispose]() {
      await program.close()
      await world[Symbol.asyncDispose]()
    },
  }
}
