// Swagger UI from its own package: nothing comes from elsewhere, so the page works without a way to the internet.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const manifest = createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')
/** The files of one version never change. */
export const { version: ASSETS_VERSION } = createRequire(import.meta.url)(manifest) as { version: string }
const FOLDER = dirname(manifest)
/** What the page needs; a name from outside never becomes part of a path. */
const TYPES: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

export const ASSETS = '/docs/assets'
const FILES = `${ASSETS}/${ASSETS_VERSION}`
export const INITIALIZER = '/docs/initializer.js'

/** Scripts, styles and requests of our own origin alone; the icons are data. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Earshot API</title>
    <link rel="stylesheet" href="${FILES}/swagger-ui.css">
    <link rel="icon" type="image/png" href="${FILES}/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${FILES}/swagger-ui-bundle.js"></script>
    <script src="${INITIALIZER}"></script>
  </body>
</html>
`

/** The token is kept while the page is open, and not longer: a store of the browser would outlive the visit. */
export const INITIALIZER_SCRIPT = `SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
})
`

/** Undefined for a file that is not among those of the page. */
export async function readAsset(name: string): Promise<{ type: string; bytes: Buffer } | undefined> {
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
  if (type === undefined) return undefined
  return { type, bytes: await readFile(join(FOLDER, name)) }
}

/** A strong one: the same bytes have the same tag. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`
}
