// Makes the SDK what others can take: dist/client.js, one file for browsers and Node alike. With `--types` beside it
// client.d.ts, one file that imports nothing; that takes the compiler, which a running server does not have.
// Another folder than dist/ may be named.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { buildSync } from 'esbuild'

const root = import.meta.dirname
const source = join(root, 'src/sdk')

export function bundleClient(folder = join(root, 'dist')) {
  buildSync({
    entryPoints: [join(source, 'client.ts')],
    outfile: join(folder, 'client.js'),
    bundle: true,
    platform: 'neutral',
    format: 'esm',
    target: 'es2022',
    sourcemap: true,
    // The options of the checker are none of its business.
    tsconfigRaw: {},
  })
}

export function declareClient(folder = join(root, 'dist')) {
  const declarations = mkdtempSync(join(tmpdir(), 'earshot-client-'))
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', join(root, 'src')]
    execFileSync(process.execPath, [tsc, '-p', source, ...options, '--outDir', declarations], { stdio: 'inherit' })
    writeFileSync(join(folder, 'client.d.ts'), flatten(join(declarations, 'sdk/client.d.ts')))
  } finally {
    rmSync(declarations, { recursive: true })
  }
}

const MOVED = /^(import|export)( type)? (\{[^}]*\}|\*) from '(\.[^']+)';\n/gm
const DECLARED =
  /^export (?:default )?((?:declare )?(?:abstract )?(?:class|interface|type|const|let|function|enum) (\w+))/gm

/** One file of a declaration file and all that it imports. What is not exported by the first is not by the whole. */
function flatten(entry) {
  const files = new Map()
  const exported = read(entry, files)
  const owners = new Map()
  for (const [path, { declared }] of files) {
    for (const name of declared) {
      if (owners.has(name)) throw new Error(`${name} is declared in ${owners.get(name)} and in ${path}: rename one`)
      owners.set(name, path)
    }
  }
  const text = [...files.values()].map((file) => file.text.trim()).join('\n\n')
  const foreign = /^.*(^export\b|\bimport\b\s*[({*'"]|\bfrom\s+['"]).*$/m.exec(text.replace(/\/\*[\s\S]*?\*\//g, ''))
  if (foreign) throw new Error(`This is not understood in the declarations of the SDK: ${foreign[0]}`)
  const missing = [...exported].filter((name) => !owners.has(name))
  if (missing.length > 0) throw new Error(`These are exported and declared nowhere: ${missing}`)
  return `// The SDK of Earshot.\n${text}\n\nexport { ${[...exported].sort().join(', ')} };\n`
}

/** @returns the names that the file exports */
function read(path, files) {
  const known = files.get(path)
  if (known) return known.exported
  const file = { declared: [], exported: new Set(), text: '' }
  files.set(path, file)
  file.text = readFileSync(path, 'utf8')
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '')
    .replace(/^export \{\};$/gm, '')
    .replace(MOVED, (_, word, _type, names, from) => {
      const theirs = read(join(dirname(path), from.replace(/\.js$/, '.d.ts')), files)
      const listed = names === '*' ? [...theirs] : names.slice(1, -1).split(',')
      for (const one of listed.map((name) => name.trim().replace(/^type /, '')).filter(Boolean)) {
        if (/\s/.test(one)) throw new Error(`${basename(path)} gives something another name: ${one}`)
        if (word === 'export') file.exported.add(one)
      }
      return ''
    })
    .replace(/\bimport\("(\.[^"]+)"\)\./g, (_, from) => {
      read(join(dirname(path), from.replace(/\.js$/, '.d.ts')), files)
      return ''
    })
    .replace(DECLARED, (_, rest, name) => {
      file.exported.add(name)
      return /^(interface|type|declare)\b/.test(rest) ? rest : `declare ${rest}`
    })
  for (const [, name] of file.text.matchAll(
    /^(?:declare )?(?:abstract )?(?:class|interface|type|const|let|function|enum) (\w+)/gm,
  ))
    file.declared.push(name)
  return file.exported
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv.slice(2).find((arg) => !arg.startsWith('--'))
  bundleClient(folder)
  if (process.argv.includes('--types')) declareClient(folder)
}
