#!/usr/bin/env node
// earshot [serve] [--workers N] | migrate | keys rotate | epoch bump | media verify [--delete-orphans] | demo [--url U] | config
import { printConfig } from './cli/config.js'
import { runDemo } from './cli/demo.js'
import { runEpochBump } from './cli/epoch.js'
import { runMediaVerify } from './cli/media.js'
import { runMigrate } from './cli/migrate.js'
import { runRotateKeys } from './cli/rotate-keys.js'
import { runServe } from './cli/serve.js'
import { loadEnvFile, readConfig } from './config.js'
import { StartupError } from './kit/startup-error.js'
import { createLogger } from './observe.js'

const USAGE = `earshot [--workers N]
                   start the server, as N processes that share the port
earshot migrate     bring the database up to date
earshot keys rotate sign access tokens with a new key
earshot epoch bump  after a restore: have every client load afresh
earshot media verify [--delete-orphans]
                   find files without their bytes, and bytes without a file
earshot demo [--url U]
                   have two characters talk on a server that runs
earshot config      print what is configured, without secrets`

try {
  loadEnvFile()
  const command = process.argv.slice(2).join(' ')
  const serve = /^(?:serve)?(?:(?:^| )--workers[ =](\S+))?$/.exec(command)
  const demo = /^demo(?: --url[ =](\S+))?$/.exec(command)
  const config = readConfig(undefined, serve?.[1] === undefined ? {} : { WORKERS: serve[1] })
  const logger = createLogger(config.LOG_LEVEL)
  if (serve) await runServe(config, logger)
  else if (demo) await runDemo(demo[1] ?? `http://127.0.0.1:${config.PORT}`)
  else if (command === 'migrate') await runMigrate(config, logger)
  else if (command === 'keys rotate') await runRotateKeys(config, logger)
  else if (command === 'epoch bump') await runEpochBump(config, logger)
  else if (command === 'media verify' || command === 'media verify --delete-orphans') {
    const isRight = await runMediaVerify(config, logger, { deleteOrphans: command.endsWith('--delete-orphans') })
    process.exitCode = isRight ? 0 : 1
  } else if (command === 'config') printConfig(config)
  else if (command === 'help' || command === '--help') console.log(USAGE)
  else throw new StartupError(`There is no command "${command}". These are:\n${USAGE}`)
} catch (error) {
  // A failed start says in one sentence what to do; only what nobody foresaw shows its stack.
  console.error(error instanceof StartupError ? error.message : error)
  process.exit(1)
}
