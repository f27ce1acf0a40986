// Strips the types file by file, without bundling: dist/ mirrors src/, so that the paths to migrations/ and sql/ hold
// in both. The SDK and the page are bundled beside it, for browsers and for those who take the SDK from here.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { bundleClient } from './build-client.mjs'
import { buildWeb } from './build-web.mjs'

const root = import.meta.dirname
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
)

rmSync(join(root, 'dist'), { recursive: true, force: true })
buildSync({
  entryPoints: sources.map((path) => join(root, 'src', path)),
  outdir: join(root, 'dist'),
  outbase: join(root, 'src'),
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
})
bundleClient()
buildWeb()
