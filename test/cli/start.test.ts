// The built server as a user starts it: a failed start says in one sentence what to do, and a good one stops cleanly.
import { createServer } from 'node:net'
import { expect, inject, test } from 'vitest'
import { createDatabase } from '../support/test-server.js'
import { earshot } from './earshot.js'

async function expectRefusal(environment: Record<string, string>, sentence: RegExp, ...args: string[]): Promise<void> {
  const run = earshot(environment, ...args)
  expect(await run.exit).toBe(1)
  const lines = run
    .output()
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('{'))
  expect(lines[0]).toMatch(sentence)
  expect(run.output()).not.toMatch(/^ +at /m)
}

test('a port that is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const database = await createDatabase(inject('templateUrl'))
  await expectRefusal(
    { DATABASE_URL: database.url, PORT: port, HOST: '127.0.0.1' },
    /^Port \d+ is taken: set PORT to a free one\.$/,
  )
  taken.close()
  await database.drop()
})

test('a database that does not answer, or does not exist', async () => {
  const sentence = /^The database in DATABASE_URL does not answer \(.*\): start it, or correct the address\.$/
  await expectRefusal({ DATABASE_URL: 'postgres://nobody:secret-word@127.0.0.1:1/none' }, sentence)
  const url = new URL(inject('templateUrl'))
  url.pathname = '/there_is_no_such_database'
  const run = earshot({ DATABASE_URL: url.href })
  expect(await run.exit).toBe(1)
  expect(run.output().trim()).toMatch(sentence)
  if (url.password) expect(run.output()).not.toContain(url.password)
})

test('an unsafe combination in production, a bad value, an unknown command', async () => {
  await expectRefusal({ NODE_ENV: 'production', CORS_ORIGINS: '*' }, /^In production, name the origins in CORS_ORIGINS/)
  await expectRefusal({ PORT: 'web' }, /^Set PORT to a valid value/)
  await expectRefusal({}, /^There is no command "sing"/, 'sing')
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops a running server with exit code 0', async (signal) => {
  const database = await createDatabase(inject('templateUrl'))
  const run = earshot({ DATABASE_URL: database.url, PORT: '0', HOST: '127.0.0.1' })
  await run.ready
  run.kill(signal)
  expect(await run.exit).toBe(0)
  expect(run.output()).not.toContain('"level":"error"')
  await database.drop()
})

test('migrate, keys rotate and config do their work and end', async () => {
  const database = await createDatabase(inject('templateUrl'))
  const migrated = earshot({ DATABASE_URL: database.url }, 'migrate')
  expect(await migrated.exit).toBe(0)
  expect(migrated.output()).toContain('0 migrations and 0 changed objects')
  const rotated = earshot({ DATABASE_URL: database.url }, 'keys', 'rotate')
  expect(await rotated.exit).toBe(0)
  expect(rotated.output()).toMatch(/now signed with [0-9a-f-]{36}/)
  const shown = earshot({ DATABASE_URL: 'postgres://earshot:s3cr3t@db/earshot' }, 'config')
  expect(await shown.exit).toBe(0)
  expect(shown.output()).toContain('PORT=3000')
  expect(shown.output()).not.toContain('s3cr3t')
  await database.drop()
})
