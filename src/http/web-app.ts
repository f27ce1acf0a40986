// The page that people see, as it was built: held in memory, so that no request decides which file is read.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}

export type WebFile = { type: string; etag: string; bytes: Uint8Array<ArrayBuffer>; brotli?: Uint8Array<ArrayBuffer> }
type WebFiles = ReadonlyMap<string, WebFile>
type Read = { at: number; files: Promise<WebFiles> }

/**
 * Nothing but what comes from here runs, and nothing is written into the page as text (Trusted Types); the one policy names the
 * service worker. Sockets of this host are 'self' too (CSP3 §6.7.2.8). Files and avatars come through this server, also
 * those that a bucket keeps.
 */
export const APP_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // blob: for pictures that are to be sent.
  "img-src 'self' blob:",
  "media-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types earshot',
].join('; ')

/** What stands there until it is built. */
export const NOT_BUILT = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Earshot</title></head>
  <body><h1>The page is not built yet</h1><p>Run <code>npm run build</code>, or start with <code>npm start</code>.
  The API is here: <a href="/docs">/docs</a>.</p></body>
</html>
`

export class WebApp {
  readonly #folder: string
  readonly #mayChange: boolean
  #read: Read | undefined

  /** `mayChange`: whoever asks for the page gets the one that was built last; else the one that was there first. */
  constructor(folder: string, mayChange: boolean) {
    this.#folder = folder
    this.#mayChange = mayChange
    // From the start all of it is of one build, also when another one is made in its place.
    if (!mayChange) this.#files().catch(() => undefined)
  }

  /** One of the files by its address; without index.html. */
  async file(path: string): Promise<WebFile | undefined> {
    const found = (await this.#files()).get(path)
    if (found || !this.#mayChange) return found
    await this.#look()
    return (await this.#files()).get(path)
  }

  /** Undefined if it is not built. */
  async page(): Promise<WebFile | undefined> {
    if (this.#mayChange) await this.#look()
    return (await this.#files()).get(PAGE)
  }

  async #files(): Promise<WebFiles> {
    this.#read ??= { at: 0, files: readFiles(this.#folder) }
    const read = this.#read
    try {
      const files = await read.files
      // Not built is nothing to remember, nor that it could not be read.
      if (files.size === 0) this.#forget(read)
      return files
    } catch (error) {
      this.#forget(read)
      throw error
    }
  }

  #forget(read: Read): void {
    if (this.#read === read) this.#read = undefined
  }

  /** Whether it was built anew. */
  async #look(): Promise<void> {
    const at = await builtAt(this.#folder)
    if (at !== this.#read?.at) this.#read = { at, files: readFiles(this.#folder) }
  }
}

/** No address of a request looks like this one. */
const PAGE = 'index.html'

async function builtAt(folder: string): Promise<number> {
  const found = await stat(join(folder, PAGE)).catch(() => undefined)
  return found?.mtimeMs ?? 0
}

async function readFiles(folder: string): Promise<WebFiles> {
  const files = new Map<string, WebFile>()
  const paths = await readdir(folder, { recursive: true }).catch((): string[] => [])
  for (const path of paths) {
    const type = TYPES[extname(path)]
    if (type === undefined) continue
    const bytes = new Uint8Array(await readFile(join(folder, path)))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
    const brotli = paths.includes(`${path}.br`) ? new Uint8Array(await readFile(join(folder, `${path}.br`))) : undefined
    files.set(path === PAGE ? PAGE : `/${path}`, { type, etag, bytes, ...(brotli && { brotli }) })
  }
  return files
}
