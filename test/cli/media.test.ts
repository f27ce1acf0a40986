// `earshot media verify` as a process: what it finds, what it leaves alone, and what it says at the end.
import { unlink, utimes, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DiskStorage } from '../../src/media/disk-storage.js'
import type { Key } from '../../src/media/storage.js'
import { startWorld, type World } from '../support/world.js'
import { earshot } from './earshot.js'

async function verify(world: World, ...options: string[]): Promise<{ exit: number | null; lines: string[] }> {
  const environment = { DATABASE_URL: world.database.url, UPLOADS_DIR: world.uploads }
  const run = earshot(environment, 'media', 'verify', ...options)
  const exit = await run.exit
  const lines = run
    .output()
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('{'))
  return { exit, lines }
}

async function* once(text: string) {
  yield Buffer.from(text)
}

test('files that are as they should be are none to speak of', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const alice = await world.person('alice')
  await alice.upload('a.txt', 'a')
  await alice.upload('b.txt', 'b')
  const { exit, lines } = await verify(world)
  expect(lines).toEqual(['0 files are not what their rows say; 0 objects have no row.'])
  expect(exit).toBe(0)
})

test('missing and changed bytes, and bytes that nobody knows, are named; the last of these go when that is wanted', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const alice = await world.person('alice')
  const psql = await world.session()
  const storage = new DiskStorage({ dir: world.uploads })
  const path = (key: Key) => storage.localPath(key)
  const put = async (key: Key, age_h: number) => {
    await storage.put(key, once('bytes'), { mime_type: 'text/plain' })
    const time = Date.now() / 1_000 - age_h * 3_600
    await utimes(path(key), time, time)
    return key
  }
  const original = (id: string): Key => `media/${id}/original`
  const [fine, missing, cut, previewed, going, givenUp] = [
    await alice.upload('fine.txt', 'fine'),
    await alice.upload('missing.txt', 'missing'),
    await alice.upload('cut.txt', 'in full'),
    await alice.upload('previewed.txt', 'previewed'),
    await alice.upload('going.txt', 'going'),
    await alice.upload('given-up.txt', 'given up'),
  ]
  await unlink(path(original(missing.id)))
  await writeFile(path(original(cut.id)), 'half')
  await psql.query(`update blobs set variants = '[{"name": "preview", "size": 6}]' where id = $1`, [previewed.id])
  await put(`media/${previewed.id}/thumbnail`, 30)
  await put(`media/${previewed.id}/preview`, 30)
  // Its purge was interrupted, and will be done again.
  await psql.query('update blobs set removed_at = now() where id = $1', [going.id])
  await unlink(path(original(going.id)))
  await put(`media/${going.id}/thumbnail`, 30)

  // Its previews were given up when one of them was stored: that goes with the file.
  await psql.query(`update blobs set state = 'failed' where id = $1`, [givenUp.id])
  await put(`media/${givenUp.id}/large`, 30)

  const { rows } = await psql.query(
    `insert into uploads (user_id, method, expires_at) values ($1, 'resumable', now() + interval '1 h') returning id`,
    [alice.id],
  )
  await put(`staging/${rows[0].id}/0`, 30)
  await put(original(rows[0].id), 30)
  const [orphan, staged] = [crypto.randomUUID(), crypto.randomUUID()]
  await put(original(orphan), 25)
  await put(`staging/${staged}/0`, 25)
  await put('media/no-id-of-ours/original', 25)
  await put(original(crypto.randomUUID()), 23)

  const findings = [
    `missing        media/${missing.id}/original`,
    `wrong size     media/${cut.id}/original (4 instead of 7 bytes)`,
    `wrong size     media/${previewed.id}/preview (5 instead of 6 bytes)`,
    'without a row  media/no-id-of-ours/original (5 bytes)',
    `without a row  media/${orphan}/original (5 bytes)`,
    `without a row  media/${previewed.id}/thumbnail (5 bytes)`,
    `without a row  staging/${staged}/0 (5 bytes)`,
  ].sort()
  const first = await verify(world)
  expect(first.lines.slice(0, -1).sort()).toEqual(findings)
  expect(first.lines.at(-1)).toBe('3 files are not what their rows say; 4 objects have no row.')
  expect(first.exit).toBe(1)

  const second = await verify(world, '--delete-orphans')
  expect(second.lines.slice(0, -1).sort()).toEqual(findings)
  expect(second.lines.at(-1)).toMatch(/4 objects have no row, which were deleted\.$/)
  expect(second.exit).toBe(1)

  const third = await verify(world)
  expect(third.lines.slice(0, -1).sort()).toEqual(
    findings
      .slice(0, 1)
      .concat(findings.filter((line) => line.startsWith('wrong')))
      .sort(),
  )
  expect(await storage.size(original(orphan))).toBeUndefined()
  for (const key of [original(fine.id), original(rows[0].id), `staging/${rows[0].id}/0`, `media/${going.id}/thumbnail`])
    expect(await storage.size(key as Key)).toBeGreaterThan(0)
})

test('an option that there is not is refused', async () => {
  const run = earshot({}, 'media', 'verify', '--delete')
  expect(await run.exit).toBe(1)
  expect(run.output()).toContain('There is no command "media verify --delete"')
})
