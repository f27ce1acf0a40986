// What went wrong, in words for people: beside the field where it can be mended, or else as a sentence.
import { EarshotError } from '../../src/sdk/client.js'
import { t } from './language.js'

export type Faults<F extends string> = { fields: Partial<Record<F, string>>; other?: string }

/** Codes that are about one field. */
const FIELD_OF: Record<string, string> = {
  'account.username_taken': 'username',
  'account.email_taken': 'email',
  'conversation.name_taken': 'name',
}
const NOT_NOW = new Set(['busy', 'overloaded', 'internal', 'storage.unavailable'])

export function sentence(error: unknown): string {
  return sentenceOf(error instanceof EarshotError ? error.code : 'unknown')
}

export function sentenceOf(code: string): string {
  const { errors } = t()
  return (NOT_NOW.has(code) ? errors.unavailable : (errors[code] ?? t().files.errors[code])) ?? errors.unknown
}

/** `invalid` says what a field should be like. */
export function faultsOf<F extends string>(error: unknown, invalid: Record<F, string>): Faults<F> {
  const isField = (name: string | undefined): name is F => name !== undefined && name in invalid
  if (!(error instanceof EarshotError)) return { fields: {}, other: sentence(error) }
  const taken = FIELD_OF[error.code]
  if (isField(taken)) return { fields: { [taken]: sentence(error) } as Faults<F>['fields'] }
  const fields: Faults<F>['fields'] = {}
  for (const { path, code } of error.errors ?? []) {
    if (isField(path)) fields[path] ??= code === 'too_big' ? t().fields.tooLong : invalid[path]
  }
  return Object.keys(fields).length > 0 ? { fields } : { fields, other: sentence(error) }
}

/** What nobody has filled in needs no server to say so. */
export function missing<F extends string>(values: Record<F, string>): Faults<F> | undefined {
  const empty = Object.entries(values).flatMap(([name, value]) => ((value as string).trim() === '' ? [name] : []))
  if (empty.length === 0) return undefined
  return { fields: Object.fromEntries(empty.map((name) => [name, t().fields.required])) as Faults<F>['fields'] }
}
