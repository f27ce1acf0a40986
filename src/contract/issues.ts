import type { FieldError } from './errors.js'

const MOST = 20
const LONGEST = 200

type Issue = { path: PropertyKey[]; code?: string; message: string }

/** What is wrong with an input, field by field. Bounded: names of unknown fields come back in it, however many were sent. */
export function describeIssues(issues: readonly Issue[]): FieldError[] {
  return issues.slice(0, MOST).map((issue) => ({
    path: issue.path.map(String).join('.').slice(0, LONGEST),
    code: issue.code ?? 'invalid',
    message: issue.message.slice(0, LONGEST),
  }))
}
