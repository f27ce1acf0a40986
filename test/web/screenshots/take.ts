// npm run screenshots: the pictures of docs/screenshots, taken of the page as it is shipped, on a database of their own. With
// SCREENSHOTS they go to that folder instead, as PNG.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { build, startBuiltServer } from '../../../bench/lib/built-server.js'
import { inDatabase, openPostgres } from '../../../bench/lib/postgres.js'
import { FLAGS, PROGRAM } from '../../support/browser.js'
import { furnish, PASSWORD, type Scene } from './scene.js'

const FOLDER = process.env.SCREENSHOTS ?? join(import.meta.dirname, '../../../docs/screenshots')
/** Whoever looks at them on a fine screen sees them finer. */
const SCALE = 1.5
const TYPING_MS = 2_000

/** A place where it is between ten and eleven in the morning, whenever they are taken. */
const east = 10 - new Date().getUTCHours()
const ALL: BrowserContextOptions = {
  deviceScaleFactor: SCALE,
  locale: 'en-GB',
  // The sign of these is that of their inventors.
  timezoneId: `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`,
  reducedMotion: 'reduce',
}
const DESK: BrowserContextOptions = { ...ALL, viewport: { width: 1280, height: 800 } }
const PHONE: BrowserContextOptions = { ...ALL, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

type Shot = { name: string; look: BrowserContextOptions; go: (page: Page, scene: Scene) => Promise<unknown> }

const to = (page: Page, path: string) => page.goto(new URL(path, page.url()).href)

/** Everybody is there, and Gus writes. */
async function conversation(page: Page): Promise<void> {
  await page.locator('a.entry', { hasText: 'The lighthouse' }).click()
  await page.getByText('sandwiches').last().waitFor()
  await page.locator('.typing-words').waitFor()
  await page.locator('.message img').last().waitFor()
}

const SHOTS: Shot[] = [
  { name: 'conversation-light', look: { ...DESK, colorScheme: 'light' }, go: conversation },
  { name: 'conversation-dark', look: { ...DESK, colorScheme: 'dark' }, go: conversation },
  { name: 'arabic-light', look: { ...DESK, locale: 'ar', colorScheme: 'light' }, go: conversation },
  {
    name: 'details-light',
    look: { ...DESK, colorScheme: 'light' },
    async go(page, { lighthouse }) {
      await to(page, `/c/${lighthouse}/details`)
      await page.getByText('Everything about the repair').waitFor()
    },
  },
  {
    name: 'switcher-dark',
    look: { ...DESK, colorScheme: 'dark' },
    async go(page) {
      await conversation(page)
      await page.keyboard.press('Control+k')
      await page.locator('dialog[open] input').fill('er')
    },
  },
  {
    name: 'viewer-dark',
    look: { ...DESK, colorScheme: 'dark' },
    async go(page) {
      await conversation(page)
      await page.locator('.message button:has(img)').last().click()
      await page.locator('dialog[open] img').waitFor()
    },
  },
  {
    name: 'phone-list-light',
    look: { ...PHONE, colorScheme: 'light' },
    go: (page) => page.locator('.entry-preview.is-typing').waitFor(),
  },
  { name: 'phone-conversation-dark', look: { ...PHONE, colorScheme: 'dark' }, go: conversation },
  {
    name: 'phone-message-menu-light',
    look: { ...PHONE, colorScheme: 'light' },
    async go(page) {
      await conversation(page)
      await page.locator('.message', { hasText: 'Kettle is on' }).click({ button: 'right' })
      await page.locator('[role=menu]').waitFor()
    },
  },
  {
    name: 'phone-offline-light',
    look: { ...PHONE, colorScheme: 'light' },
    async go(page) {
      await conversation(page)
      await page.context().setOffline(true)
      await page.locator('textarea').fill('And cake. I almost forgot the cake.')
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.locator('.banner.bad').waitFor()
    },
  },
  {
    name: 'phone-profile-dark',
    look: { ...PHONE, colorScheme: 'dark' },
    async go(page) {
      await to(page, '/settings/profile')
      await page.locator('textarea').waitFor()
    },
  },
  {
    name: 'phone-sign-in-dark',
    look: { ...PHONE, colorScheme: 'dark' },
    async go(page) {
      await page.locator('.menu-button').click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await page.locator('input[name=login]').waitFor()
    },
  },
]

async function take(browser: Browser, url: string, { name, look, go }: Shot, scene: Scene): Promise<void> {
  const context = await browser.newContext(look)
  const page = await context.newPage()
  await page.goto(`${url}/sign-in`)
  await page.locator('input[name=login]').fill('mara')
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('a.entry').first().waitFor()
  await go(page, scene)
  // Nothing is under the hand.
  await page.mouse.move(0, 0)
  await page.waitForLoadState('networkidle')
  await page.evaluate(() => Promise.all(Array.from(document.images, (one) => one.decode().catch(() => undefined))))
  const picture = sharp(await page.screenshot({ animations: 'disabled' }))
  const [ending, bytes] = process.env.SCREENSHOTS
    ? ['png', await picture.png().toBuffer()]
    : ['webp', await picture.webp({ quality: 78, effort: 6 }).toBuffer()]
  await writeFile(join(FOLDER, `${name}.${ending}`), bytes)
  await context.close()
}

async function takeAll(databaseUrl: string): Promise<void> {
  const uploads = await mkdtemp(join(tmpdir(), 'earshot-screenshots-'))
  const server = await startBuiltServer(databaseUrl, { UPLOADS_DIR: uploads })
  const database = new pg.Client(databaseUrl)
  await database.connect()
  const browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS })
  try {
    const scene = await furnish(server.url, database)
    const { ines, tomas, gus } = scene.people
    const [ear] = await Promise.all([gus, ines, tomas].map((one) => one.connect()))
    const typing = setInterval(
      () => ear?.command('typing.start', { conversation_id: scene.lighthouse }).catch(() => undefined),
      TYPING_MS,
    )
    for (const shot of SHOTS) await take(browser, server.url, shot, scene)
    clearInterval(typing)
    for (const person of [gus, ines, tomas]) person.disconnect()
  } finally {
    await browser.close()
    await database.end()
    await server.stop()
    await rm(uploads, { recursive: true, force: true })
  }
}

await build()
await mkdir(FOLDER, { recursive: true })
for (const name of await readdir(FOLDER)) if (name.endsWith('.webp')) await rm(join(FOLDER, name))
const postgres = await openPostgres(undefined)
try {
  await inDatabase(postgres, 'earshot_screenshots', takeAll)
} finally {
  await postgres.stop()
}
