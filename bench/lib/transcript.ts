// Conversations in the format of the data README: one JSON object a line, one conversation a file.
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { Hello } from '../../src/contract/events.js'
import { StartupError } from '../../src/kit/startup-error.js'
import { countCharacters, isCleanText } from '../../src/kit/text.js'

const Line = z.object({
  n: z.number().int().min(0),
  at: z.string().regex(/^\d\d:\d\d$/, 'must be HH:MM'),
  nick: z.string().min(1),
  text: z.string(),
  reply_to: z.number().int().nullable(),
})
export type Line = z.infer<typeof Line>

/** `nicks` in the order of their first line. */
export type Transcript = { name: string; lines: Line[]; nicks: string[] }

/**
 * The conversation of a file, or those of all `.jsonl` files of a folder, by name.
 * @throws StartupError that names the file, and the line that is not of the format
 */
export async function readTranscripts(path: string): Promise<Transcript[]> {
  const files = await listFiles(path)
  if (files.length === 0) throw new StartupError(`There is no .jsonl file in ${path}.`)
  return Promise.all(
    files.map(async (file) => parseTranscript(basename(file, '.jsonl'), await orRefuse(path, readFile(file, 'utf8')))),
  )
}

/** @throws StartupError */
export function parseTranscript(name: string, text: string): Transcript {
  const seen = new Set<number>()
  const lines = text.split('\n').flatMap((row, index) => {
    if (row.trim() === '') return []
    const line = parseLine(row, `${name}, line ${index + 1}`)
    if (seen.has(line.n)) throw new StartupError(`${name}, line ${index + 1}: n ${line.n} is there twice.`)
    seen.add(line.n)
    return [line]
  })
  const nicks = [...new Set(lines.map((line) => line.nick))]
  if (nicks.length < 2) throw new StartupError(`${name} needs at least two authors: a group of one is none.`)
  return { name, lines, nicks }
}

/** Why a server with these limits would not take the text; undefined when it would. */
export function whyNotSend(text: string, limits: Hello['limits']): string | undefined {
  if (text.trim() === '') return 'blank'
  if (!isCleanText(text)) return 'not clean text'
  if (countCharacters(text) > limits.max_message_length) return 'too long'
  return Buffer.byteLength(text) > limits.max_message_bytes ? 'too many bytes' : undefined
}

function parseLine(row: string, where: string): Line {
  let json: unknown
  try {
    json = JSON.parse(row)
  } catch {
    throw new StartupError(`${where} is not JSON.`)
  }
  const line = Line.safeParse(json)
  if (line.success) return line.data
  const issue = line.error.issues[0]
  throw new StartupError(
    `${where} is not a line of the format {n, at, nick, text, reply_to}: ${issue?.path.join('.')} ${issue?.message}.`,
  )
}

async function listFiles(path: string): Promise<string[]> {
  const found = await orRefuse(path, stat(path))
  if (!found.isDirectory()) return [path]
  const names = await orRefuse(path, readdir(path))
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(path, name))
}

async function orRefuse<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : String(error)
    throw new StartupError(`${path} cannot be read (${reason}).`)
  }
}
