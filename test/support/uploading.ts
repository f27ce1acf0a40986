// Uploads as a client sends them, piece by piece.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { request as send } from 'node:http'
import { join } from 'node:path'
import type { Answer, Person } from './person.js'
import type { World } from './world.js'

export const MIB = 1_048_576
export const TUS = { 'tus-resumable': '1.0.0' }
export const BYTES = { ...TUS, 'content-type': 'application/offset+octet-stream' }

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

/** Text that no two calls have in common. */
export const text = (size: number) =>
  randomBytes(Math.ceil(size / 2))
    .toString('hex')
    .slice(0, size)

const encoded = (metadata: Record<string, string>) =>
  Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')

/** Begins a resumable upload, whatever the answer. */
export function begin(
  person: Person,
  size: number,
  metadata: Record<string, string> = { filename: 'notes.txt' },
  more: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const headers = { ...TUS, 'upload-length': String(size), 'upload-metadata': encoded(metadata), ...more.headers }
  return person.ask('POST', '/uploads/resumable', more.body, headers)
}

/** The id of a resumable upload that has begun. */
export async function begun(person: Person, size: number, metadata?: Record<string, string>): Promise<string> {
  const { status, headers, body } = await begin(person, size, metadata)
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
  return headers.get('location')?.split('/').at(-1) ?? ''
}

export const append = (person: Person, id: string, offset: number, bytes: Uint8Array | string) =>
  person.ask('PATCH', `/uploads/resumable/${id}`, Buffer.from(bytes), { ...BYTES, 'upload-offset': String(offset) })
export const head = (person: Person, id: string) => person.ask('HEAD', `/uploads/resumable/${id}`, undefined, TUS)
export const abort = (person: Person, id: string) => person.ask('DELETE', `/uploads/resumable/${id}`, undefined, TUS)
export const complete = (person: Person, id: string) => person.ask('POST', `/uploads/${id}/complete`)
export const offsetOf = async (person: Person, id: string) =>
  Number((await head(person, id)).headers.get('upload-offset'))

/** A request whose body is not over: it can go on, end, or vanish. */
export function open(person: Person, method: string, path: string, headers: Record<string, string>) {
  const url = `${person.url}${path.startsWith('/api') ? '' : '/api/v1'}${path}`
  const outgoing = send(url, { method, headers: { authorization: `Bearer ${person.token}`, ...headers } })
  const answer = new Promise<{ status: number; code?: string }>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, ...(text && { code: JSON.parse(text).code }) })
    })
  })
  answer.catch(() => undefined)
  return {
    answer,
    write: (bytes: Uint8Array | string) => outgoing.write(bytes),
    end: () => outgoing.end(),
    vanish: () => outgoing.destroy(),
  }
}

/** A PATCH whose body is not over. */
export const openAppend = (person: Person, id: string, offset: number, length?: number) =>
  open(person, 'PATCH', `/uploads/resumable/${id}`, {
    ...BYTES,
    'upload-offset': String(offset),
    ...(length !== undefined && { 'content-length': String(length) }),
  })

/** Until it is so; the test's own time limit ends it. */
export async function until<T>(look: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look()
    if (isSo(found)) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Files below the folder of uploads, by their area: `tmp`, `staging`, `media`. */
export async function filesIn(world: World, area: string): Promise<string[]> {
  const entries = await readdir(join(world.uploads, area), { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Those that this process has open below the folder of uploads, where the system tells. */
export function openFiles(world: World): string[] {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(world.uploads) ? [path] : []
    } catch {
      return []
    }
  })
}

/** Until bytes of a request are being written. */
export const arriving = (world: World) =>
  until(
    () => filesIn(world, 'tmp'),
    (files) => files.length > 0,
  )

/** Staged files of uploads that are no more, or never were. */
export async function orphans(world: World): Promise<string[]> {
  const psql = await world.session()
  const { rows } = await psql.query(
    "select writer::text as known from upload_parts union all select id::text from uploads where method = 'signed'",
  )
  return (await filesIn(world, 'staging')).filter((path) => !rows.some(({ known }) => path.includes(known)))
}
