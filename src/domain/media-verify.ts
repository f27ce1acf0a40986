// Holds what the database knows against what the storage has, page by page in both directions: however many files there are,
// a page of them is in memory.
import { sql } from 'kysely'
import type { Variant } from '../contract/attachments.js'
import type { Db } from '../db/database.js'
import { originalKey, ownerOf, variantKey } from '../media/keys.js'
import type { Key, Storage, StoredObject } from '../media/storage.js'
import { UUID } from './pages.js'

const PAGE = 500
/** Objects that the storage is asked for at the same time. */
const ASKED_AT_ONCE = 8
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

export type Finding =
  | { kind: 'missing'; key: Key }
  | { kind: 'wrong size'; key: Key; expected: number; size: number }
  | { kind: 'without a row'; key: Key; size: number }

type Expected = { id: string; key: Key; size: number }

/** Rows whose bytes are not what they say. */
export async function* findBrokenFiles(db: Db, storage: Storage): AsyncGenerator<Finding> {
  for (let after = FIRST_ID; ; ) {
    const { rows } = await sql<{ id: string; size: number; variants: Pick<Variant, 'name' | 'size'>[] }>`
      select id, size, variants
      from blobs
      where id > ${after} and removed_at is null
      order by id limit ${PAGE}`.execute(db.query)
    const last = rows.at(-1)
    if (!last) return
    after = last.id
    const expected = rows.flatMap(({ id, size, variants }): Expected[] => [
      { id, key: originalKey(id), size },
      ...variants.map((variant) => ({ id, key: variantKey(id, variant.name), size: variant.size })),
    ])
    const found: { id: string; finding: Finding }[] = []
    for (let at = 0; at < expected.length; at += ASKED_AT_ONCE) {
      const some = expected.slice(at, at + ASKED_AT_ONCE)
      const sizes = await Promise.all(some.map(({ key }) => storage.size(key)))
      for (const [index, { id, key, size: wanted }] of some.entries()) {
        const size = sizes[index]
        if (size === undefined) found.push({ id, finding: { kind: 'missing', key } })
        else if (size !== wanted) found.push({ id, finding: { kind: 'wrong size', key, expected: wanted, size } })
      }
    }
    const kept = await idsOfBlobs(
      db,
      found.map(({ id }) => id),
    )
    // The others were removed while we looked.
    for (const { id, finding } of found) if (kept.has(id)) yield finding
  }
}

/** Bytes that no row knows, `olderThanS` at least: younger ones may be on their way. */
export async function* findOrphans(db: Db, storage: Storage, olderThanS: number): AsyncGenerator<Finding> {
  const before = Date.now() - olderThanS * 1_000
  for (const area of ['media', 'staging'] as const) {
    for await (const page of pagesOf(storage.list(area), (object) => object.modified_at.getTime() < before)) {
      // After the object was seen: a row comes before its first byte and goes after its last.
      const isKnown = area === 'media' ? await knownMedia(db, page) : await knownStaging(db, page)
      for (const { key, size } of page) if (!isKnown(key)) yield { kind: 'without a row', key, size }
    }
  }
}

async function idsOfBlobs(db: Db, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`
    select id from blobs where id = any(${ids}::uuid[]) and removed_at is null`.execute(db.query)
  return new Set(rows.map(({ id }) => id))
}

type IsKnown = (key: Key) => boolean

/** Unless its previews are ready, every part of a blob is known: whoever failed to make them may have stored some. They go with it. */
async function knownMedia(db: Db, page: StoredObject[]): Promise<IsKnown> {
  const { rows } = await sql<{ id: string; names: string[] | null }>`
    select id, null as names from uploads where id = any(${idsOf(page)}::uuid[])
    union all
    select id, case when state = 'ready' and removed_at is null
      then array(select v ->> 'name' from jsonb_array_elements(variants) v) || 'original'::text end
    from blobs where id = any(${idsOf(page)}::uuid[])`.execute(db.query)
  const known = new Map(rows.map(({ id, names }) => [id, names]))
  return (key) => {
    const [, id = '', part = ''] = key.split('/')
    const names = known.get(id)
    return names === null || (names?.includes(part) ?? false)
  }
}

async function knownStaging(db: Db, page: StoredObject[]): Promise<IsKnown> {
  const { rows } = await sql<{ id: string }>`
    select id from uploads where id = any(${idsOf(page)}::uuid[])`.execute(db.query)
  const known = new Set(rows.map(({ id }) => id))
  return (key) => known.has(ownerOf(key))
}

function idsOf(page: StoredObject[]): string[] {
  return [...new Set(page.map(({ key }) => ownerOf(key)))].filter((id) => UUID.test(id))
}

async function* pagesOf<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): AsyncGenerator<T[]> {
  let page: T[] = []
  for await (const item of items) {
    if (!wanted(item)) continue
    page.push(item)
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
