import { chmod, mkdir, readdir, readFile, rename, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { EmbeddedPostgres } from '../../src/db/embedded.js'
import {
  canMount,
  expectRefusal,
  isRoot,
  listen,
  makeFolder,
  makeUsedFolder,
  mountTmpfs,
  query,
  run,
  startServer,
} from './embedded-servers.js'

test('an initdb that was interrupted does not get in the way of the next start', async () => {
  const dataDir = await makeFolder()
  const leftover = join(dataDir, 'postgres-18.new-1', 'data')
  await mkdir(leftover, { recursive: true })
  await writeFile(join(leftover, 'PG_VERSION'), '18\n')
  await utimes(dirname(leftover), new Date(0), new Date(0))
  const { url } = await startServer(dataDir)
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect((await readdir(dataDir)).sort()).toEqual(['postgres-18', 'postgres-18.password'])
})

test('a database of another major is refused in one sentence and left alone', async () => {
  const dataDir = await makeUsedFolder()
  const cluster = join(dataDir, 'postgres-18')
  const { postgres, url } = await startServer(dataDir)
  await postgres.stop()
  await writeFile(join(cluster, 'PG_VERSION'), '17\n')
  await expectRefusal(postgres, /postgres-18 holds a database of PostgreSQL 17 and this release brings 18/)
  await writeFile(join(cluster, 'PG_VERSION'), '18\n')
  expect(await postgres.start()).toBe(url)
  await postgres.stop()

  // As a later release finds it: the folder is named by its major.
  await rename(cluster, join(dataDir, 'postgres-17'))
  await writeFile(join(dataDir, 'postgres-17', 'PG_VERSION'), '17\n')
  await expectRefusal(postgres, /postgres-17 holds a database of PostgreSQL 17/)
})

test('a cluster without its password is refused in one sentence, not replaced', async () => {
  const dataDir = await makeUsedFolder()
  const file = join(dataDir, 'postgres-18.password')
  const { postgres, url } = await startServer(dataDir)
  await postgres.stop()
  const password = await readFile(file)
  await unlink(file)
  await expectRefusal(postgres, /password is missing/)
  await writeFile(file, 'another one')
  await expectRefusal(postgres, /does not take the password/)
  await writeFile(file, password)
  expect(await postgres.start()).toBe(url)
})

test('a setting that PostgreSQL does not know is refused with its own words', async () => {
  const postgres = new EmbeddedPostgres({
    dataDir: await makeUsedFolder(),
    logger: listen().logger,
    settings: { nonsense: 'x' },
  })
  await expectRefusal(postgres, /unrecognized configuration parameter "nonsense"/)
})

test('a file where the data folder should be is refused in one sentence', async () => {
  const dataDir = join(await makeFolder(), 'data')
  await writeFile(dataDir, '')
  await expectRefusal(new EmbeddedPostgres({ dataDir, logger: listen().logger }), /data is not a folder/)
  await expectRefusal(
    new EmbeddedPostgres({ dataDir: join(dataDir, 'below'), logger: listen().logger }),
    /is not a folder/,
  )
})

test.skipIf(isRoot)('a data folder that is not ours to write to is refused in one sentence (not as root)', async () => {
  const dataDir = await makeFolder()
  await chmod(dataDir, 0o500)
  await expectRefusal(
    new EmbeddedPostgres({ dataDir, logger: listen().logger }),
    /\(EACCES\): let this user write there/,
  )
})

test.skipIf(!canMount)('a read-only data folder is refused in one sentence (needs root and mount)', async () => {
  const dataDir = await mountTmpfs('ro')
  await expectRefusal(
    new EmbeddedPostgres({ dataDir, logger: listen().logger }),
    /\(EROFS\): let this user write there/,
  )
})

test.skipIf(!canMount)(
  'a full disk is refused in one sentence, by initdb as by the server (needs root and mount)',
  async () => {
    const small = await mountTmpfs('size=8m')
    await expectRefusal(new EmbeddedPostgres({ dataDir: small, logger: listen().logger }), /disk .* is full/)
    expect((await readdir(small)).filter((name) => name !== 'postgres-18.password')).toEqual([])

    const dataDir = await mountTmpfs('size=96m')
    const { postgres, url } = await startServer(dataDir)
    await postgres.stop()
    await run('dd', ['if=/dev/zero', `of=${dataDir}/ballast`, 'bs=64k']).catch(() => {})
    await expectRefusal(postgres, /disk .* is full/)
    await unlink(join(dataDir, 'ballast'))
    expect(await postgres.start()).toBe(url)
  },
)

test.skipIf(!isRoot)(
  'a cluster that the server’s user can no longer get to is refused, not replaced by an empty one (needs root)',
  async () => {
    const dataDir = await makeUsedFolder()
    const { postgres, url } = await startServer(dataDir)
    await postgres.stop()
    await chmod(dataDir, 0o700)
    await expectRefusal(postgres, /cannot get to the database/)
    await chmod(dataDir, 0o755)
    expect(await postgres.start()).toBe(url)
  },
)
