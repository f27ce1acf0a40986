import { parseArgs } from 'node:util'
import { StartupError } from '../../src/kit/startup-error.js'

export const USAGE = 'npm run replay -- <file or folder> [--url http://host:port] [--quiet]'

export type Options = { path: string; url: string | undefined; quiet: boolean }

/** @throws StartupError */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args)
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new StartupError(`Give one file or folder: ${USAGE}`)
  if (values.url !== undefined && !/^https?:\/\//.test(values.url)) {
    throw new StartupError('Give --url as http://host:port or https://host.')
  }
  return { path, url: values.url, quiet: values.quiet }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { url: { type: 'string' }, quiet: { type: 'boolean', default: false } },
    })
  } catch {
    throw new StartupError(`These options are not known: ${USAGE}`)
  }
}
