// A real browser, with pages that have the SDK loaded as an application without a bundler loads it. The pages come from an
// origin of their own: a world that they talk to has it in CORS_ORIGINS.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { test } from 'vitest'
import { buildClient } from './client-build.js'
import type { World } from './world.js'

export const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'
/** It talks to nobody but the test. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const HTML = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Earshot</title>
<script type="module">
import * as sdk from '/client.js'
Object.assign(window, sdk, { server: new URLSearchParams(location.search).get('server') })
</script>`

/** Why nothing can be tried in a browser here. */
const lacking = existsSync(PROGRAM) ? undefined : `there is no ${PROGRAM}`

/** As `test`; where there is no browser its title says that it was passed over, and why. */
export function testInBrowser(title: string, work: () => Promise<void>): void {
  test.skipIf(lacking)(lacking ? `${title} (not tried: ${lacking})` : title, work)
}

export type Browser = AsyncDisposable & {
  /** For CORS_ORIGINS. */
  origin: string
  /**
   * On its `window` are what the SDK exports and `server`, the address of the world. Reloading it loads them again. What it
   * stores is its own, unless it shares the context of another page.
   */
  openPage: (world: World, context?: BrowserContext) => Promise<Page>
  /** What was thrown in a page and caught by nobody. */
  errors: string[]
}

export async function openBrowser(): Promise<Browser> {
  const build = await buildClient()
  const client = await readFile(join(build.folder, 'client.js'))
  const server = createServer((request, response) => {
    const isClient = request.url === '/client.js'
    response.setHeader('content-type', isClient ? 'text/javascript' : 'text/html')
    response.end(isClient ? client : HTML)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const program = await chromium.launch({ executablePath: PROGRAM, args: FLAGS })
  const errors: string[] = []

  return {
    origin,
    errors,
    async openPage(world, context) {
      const page = await (context ?? (await program.newContext())).newPage()
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(`${origin}/?server=${encodeURIComponent(world.node.url)}`)
      return page
    },
    async [Symbol.asyncDispose]() {
      await program.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await build[Symbol.asyncDispose]()
    },
  }
}
