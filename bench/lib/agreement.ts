// Does what was heard (or read back) agree with what was said? Pure; each difference is one sentence.

/** What of a message has to arrive unchanged. */
export type Utterance = {
  id: string
  client_id: string | null
  number: number
  sender_id: string | null
  content: string | null
  reply_to_id: string | null
}

/** Every message once, in order of number, from the same sender, with the same text and the same reply. */
export function compareUtterances(said: readonly Utterance[], got: readonly Utterance[]): string[] {
  const differences: string[] = []
  const original = new Map(said.map((utterance) => [utterance.id, utterance]))
  const times = new Map<string, number>()
  let highest = 0
  for (const utterance of got) {
    const before = times.get(utterance.id) ?? 0
    times.set(utterance.id, before + 1)
    const expected = original.get(utterance.id)
    if (!expected) differences.push(`${describe(utterance)} was never sent`)
    else if (before === 1) differences.push(`${describe(expected)} came more than once`)
    else if (before === 0) {
      differences.push(...compareFields(expected, utterance))
      if (utterance.number < highest) differences.push(`${describe(expected)} came after number ${highest}`)
      highest = Math.max(highest, utterance.number)
    }
  }
  for (const utterance of said) {
    if (!times.has(utterance.id)) differences.push(`${describe(utterance)} is missing`)
  }
  return differences
}

/** True to the last: `first`, `first + 1`, `first + 2` ... Only the first break is told, for it shifts all that follows. */
export function compareRun(what: string, first: number, got: readonly number[]): string[] {
  const at = got.findIndex((value, index) => value !== first + index)
  return at < 0 ? [] : [`${what} ${got[at]} came where ${first + at} was due`]
}

function compareFields(expected: Utterance, got: Utterance): string[] {
  const fields = ['client_id', 'number', 'sender_id', 'content', 'reply_to_id'] as const
  return fields
    .filter((field) => expected[field] !== got[field])
    .map(
      (field) =>
        `${describe(expected)} has ${field} ${JSON.stringify(got[field])} instead of ${JSON.stringify(expected[field])}`,
    )
}

function describe({ number, content }: Utterance): string {
  const text = content ?? ''
  return `number ${number} (${JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)})`
}

/** All findings are counted, the first few are kept: one lost event of a large group would fill the screen. */
export class Findings {
  readonly #keep: number
  readonly shown: string[] = []
  count = 0

  constructor(keep = 5) {
    this.#keep = keep
  }

  add(who: string, differences: readonly string[]): void {
    this.count += differences.length
    for (const difference of differences) {
      if (this.shown.length < this.#keep) this.shown.push(`${who}: ${difference}`)
    }
  }
}
