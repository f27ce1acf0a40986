import { parseArgs } from 'node:util'
import { StartupError } from '../../src/kit/startup-error.js'

export type Options = {
  scenarios: readonly string[]
  rounds: number
  seconds: number
  quick: boolean
  withPeers: boolean
  save: string
  plots: string
}

/** Those `apart` are done only when they are named. @throws StartupError */
export function readOptions(args: readonly string[], known: readonly string[], apart: readonly string[]): Options {
  const usage = `npm run bench -- [${known.join('] [')}] [--rounds 5] [--seconds 10] [--quick] [--without-peers] [--save folder] [--plots folder]`
  const { values, positionals } = parse(args, usage)
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new StartupError(`There is no scenario ${unknown}: ${usage}`)
  const count = (name: 'rounds' | 'seconds', otherwise: number, most: number) => {
    const value = Number(values[name] ?? otherwise)
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new StartupError(`Give --${name} as a whole number from 1 to ${most}.`)
    }
    return value
  }
  return {
    scenarios: positionals.length > 0 ? positionals : known.filter((name) => !apart.includes(name)),
    rounds: count('rounds', values.quick ? 1 : 5, 20),
    seconds: count('seconds', values.quick ? 3 : 10, 120),
    quick: values.quick,
    withPeers: !values['without-peers'],
    save: values.save,
    plots: values.plots ?? values.save,
  }
}

function parse(args: readonly string[], usage: string) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        'without-peers': { type: 'boolean', default: false },
        save: { type: 'string', default: 'bench/results' },
        plots: { type: 'string' },
      },
    })
  } catch {
    throw new StartupError(`These options are not known: ${usage}`)
  }
}
