import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeConfig, readConfig, VARIABLES } from '../src/config.js'
import { StartupError } from '../src/kit/startup-error.js'

test('without any variable the defaults are in force', () => {
  const config = readConfig({})
  expect(config).toMatchObject({
    PORT: 3000,
    ACCESS_TOKEN_TTL: 900,
    REFRESH_TOKEN_TTL: 2_592_000,
    WS_QUEUE_FRAMES: 1_024,
  })
  expect(config.limits).toEqual({
    message_length: 5_000,
    message_bytes: 65_536,
    members: 1_000,
    sessions: 10,
    blocks: 1_000,
    edit_window_s: 900,
    delete_window_s: 86_400,
    file_bytes: {
      image: 20_000_000,
      video: 100_000_000,
      audio: 50_000_000,
      file: 50_000_000,
      archive: 100_000_000,
    },
    avatar_bytes: 5_000_000,
    user_media_bytes: 5_000_000_000,
  })
  expect(config.RATE_LIMIT_LOGIN_ACCOUNT).toEqual({ points: 10, window_s: 900 })
})

test('the command line wins over the environment', () => {
  expect(readConfig({ WORKERS: '2' }, { WORKERS: '64' }).WORKERS).toBe(64)
  expect(readConfig({ WORKERS: '2' }).WORKERS).toBe(2)
  expect(() => readConfig({ WORKERS: '2' }, { WORKERS: 'many' })).toThrow('WORKERS')
})

test('an empty variable is an absent one', () => {
  const config = readConfig({ PORT: '', DATABASE_URL: '' })
  expect(config.PORT).toBe(3000)
  expect(config.DATABASE_URL).toBeUndefined()
})

test.each([
  [{ PORT: '70000' }, 'PORT'],
  [{ PORT: 'web' }, 'PORT'],
  [{ WORKERS: '0' }, 'WORKERS'],
  [{ WORKERS: '65' }, 'WORKERS'],
  [{ JOBS: '-1' }, 'JOBS'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  [{ ACCESS_TOKEN_TTL: '15' }, 'ACCESS_TOKEN_TTL'],
  [{ ACCESS_TOKEN_TTL: '0s' }, 'ACCESS_TOKEN_TTL'],
  [{ STOP_DELAY: 'soon' }, 'STOP_DELAY'],
  [{ RATE_LIMIT_LOGIN: '10' }, 'RATE_LIMIT_LOGIN'],
  [{ RATE_LIMIT_LOGIN: '0/1m' }, 'RATE_LIMIT_LOGIN'],
  [{ MAX_MESSAGE_BYTES: '65537' }, 'MAX_MESSAGE_BYTES'],
  [{ PUBLIC_URL: 'chat.example.com' }, 'PUBLIC_URL'],
  [{ DATABASE_URL: 'mysql://localhost/chat' }, 'DATABASE_URL'],
])('a bad value is refused by name: %j', (environment, name) => {
  expect(() => readConfig(environment)).toThrow(StartupError)
  expect(() => readConfig(environment)).toThrow(name)
})

test.each([
  [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS'],
  [{ CORS_ORIGINS: 'https://a.example, *' }, 'CORS_ORIGINS'],
  [{ TRUSTED_PROXIES: '0.0.0.0/0' }, 'TRUSTED_PROXIES'],
  [{ TRUSTED_PROXIES: '10.0.0.1, ::/0' }, 'TRUSTED_PROXIES'],
  [{ PUBLIC_URL: 'http://chat.example.com' }, 'PUBLIC_URL'],
  [{ DATABASE_URL: 'postgres://earshot:postgres@db.example.com/earshot' }, 'DATABASE_URL'],
  [{ DATABASE_URL: 'postgres://earshot@db.example.com/earshot' }, 'DATABASE_URL'],
])('production refuses an unsafe combination, development does not: %j', (environment, name) => {
  expect(() => readConfig({ ...environment, NODE_ENV: 'production' })).toThrow(name)
  expect(() => readConfig(environment)).not.toThrow()
})

test('production accepts what is safe', () => {
  expect(() =>
    readConfig({
      NODE_ENV: 'production',
      CORS_ORIGINS: 'https://chat.example.com',
      TRUSTED_PROXIES: '10.0.0.0/8',
      PUBLIC_URL: 'https://chat.example.com',
      DATABASE_URL: 'postgres://earshot:k3v9-long-and-random@db.example.com/earshot',
    }),
  ).not.toThrow()
})

test('what is in force can be shown without the password', () => {
  const text = describeConfig(readConfig({ DATABASE_URL: 'postgres://earshot:s3cr3t@db/earshot' }))
  expect(text).toContain('DATABASE_URL=postgres://earshot:[hidden]@db/earshot')
  expect(text).not.toContain('s3cr3t')
  expect(text.split('\n')).toHaveLength(Object.keys(VARIABLES).length)
})

const documented = (page: string) => {
  const text = readFileSync(join(import.meta.dirname, '..', page), 'utf8')
  return [...text.matchAll(/^\| `([A-Z0-9_]+)` \| ([^|]*?) ?\|/gm)].map(([, name = '', standard = '']) => [
    name,
    standard,
  ])
}

test('docs/configuration.md lists every variable with its meaning', () => {
  expect(documented('docs/configuration.md').map(([name]) => name)).toEqual(Object.keys(VARIABLES))
  expect(Object.entries(VARIABLES).filter(([, variable]) => !variable.description)).toEqual([])
})

test("the README's variables have the defaults that docs/configuration.md tells", () => {
  const all = documented('docs/configuration.md')
  expect(documented('README.md').length).toBeGreaterThan(3)
  for (const row of documented('README.md')) expect(all).toContainEqual(row)
})
