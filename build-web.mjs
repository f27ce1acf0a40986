// Makes the page: web/ becomes dist/web/, hashed files that may be kept for ever below assets/, what has a fixed name beside them,
// and of every text a `.br`. With `--watch` again whenever it changes, beside the command that is named behind it.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import process from 'node:process'
import { brotliCompressSync, constants } from 'node:zlib'
import { buildSync, context } from 'esbuild'

const root = import.meta.dirname
const source = join(root, 'web')
const WORTH_COMPRESSING = /\.(js|css|html|svg|webmanifest)$/

/** `early` runs before anything is drawn, so it is a plain script, and small. */
const options = (folder, isDev) => ({
  entryPoints: { main: join(source, 'main.tsx'), early: join(source, 'early.ts'), app: join(source, 'styles/app.css') },
  outdir: join(folder, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: ['es2022', 'chrome120', 'firefox121', 'safari17'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: !isDev,
  sourcemap: isDev ? 'inline' : false,
  legalComments: 'none',
  charset: 'utf8',
  metafile: true,
  write: false,
  define: { IS_DEV: String(isDev) },
  // The options of the checker are none of its business.
  tsconfigRaw: {},
})

export function buildWeb(folder = join(root, 'dist/web')) {
  write(folder, buildSync(options(folder, false)), false)
}

async function watchWeb(folder = join(root, 'dist/web')) {
  const written = {
    name: 'written',
    setup: (build) =>
      build.onEnd((result) => {
        if (result.errors.length > 0) return
        write(folder, result, true)
        console.log(`the page is built: ${relative(root, folder)}`)
      }),
  }
  await (await context({ ...options(folder, true), plugins: [written] })).watch()
}

/** index.html comes last: whoever sees the new one finds what it names. */
function write(folder, { outputFiles, metafile }, isDev) {
  const assets = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
  const names = namesOf(metafile)
  rmSync(join(folder, 'assets'), { recursive: true, force: true })
  mkdirSync(join(folder, 'assets'), { recursive: true })
  for (const [name, bytes] of assets) put(join(folder, 'assets', name), bytes)
  for (const name of readdirSync(join(source, 'public'))) {
    put(join(folder, name), readFileSync(join(source, 'public', name)))
  }
  put(join(folder, 'sw.js'), serviceWorker([...assets.keys()], isDev))
  const html = readFileSync(join(source, 'index.html'), 'utf8').replace(/\{(\w+)\}/g, (_, name) => {
    if (!names[name]) throw new Error(`web/index.html names {${name}}, which is not built`)
    return names[name]
  })
  put(join(folder, 'index.html'), Buffer.from(html.replace('</head>', `${preloads(metafile)}</head>`)))
}

/** The hashed address of each entry, by its name. */
function namesOf({ outputs }) {
  const found = Object.entries(outputs).flatMap(([path, { entryPoint }]) => {
    const name = /^(main|early|app)-/.exec(basename(path))?.[1]
    return entryPoint && name ? [[name, `/assets/${basename(path)}`]] : []
  })
  return Object.fromEntries(found)
}

/** What the program imports from its first line on is asked for together with it, not after it. */
function preloads({ outputs }) {
  const [, main] = Object.entries(outputs).find(([path]) => /^main-.*\.js$/.test(basename(path))) ?? []
  const parts = main?.imports.filter(({ kind }) => kind === 'import-statement') ?? []
  return parts.map(({ path }) => `  <link rel="modulepreload" href="/assets/${basename(path)}">\n  `).join('')
}

/** It knows by name all that it has to keep. Its text changes with them, and by that a browser sees that there is another one. */
function serviceWorker(assets, isDev) {
  const fixed = readdirSync(join(source, 'public')).map((name) => `/${name}`)
  const kept = ['/', ...fixed, ...assets.map((name) => `/assets/${name}`)]
  const { outputFiles } = buildSync({
    entryPoints: [join(source, 'sw.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: !isDev,
    write: false,
    define: { KEPT: JSON.stringify(kept) },
    tsconfigRaw: {},
  })
  return outputFiles[0].contents
}

/** The compressed one first: whoever sees a new file finds what belongs to it. */
function put(path, bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
  if (WORTH_COMPRESSING.test(path)) writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
  writeFileSync(path, bytes)
}

if (process.argv[1] === import.meta.filename) {
  const [flag, ...command] = process.argv.slice(2)
  if (flag === '--watch') {
    await watchWeb()
    const [program, ...args] = command
    if (program) {
      const child = spawn(program, args, { stdio: 'inherit' })
      for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
      child.once('exit', (code) => process.exit(code ?? 1))
    }
  } else buildWeb(flag)
}
