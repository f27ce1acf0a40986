// A number and its noun. Each language has its own forms, and all of them have `other`.
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }
export type Plural = (count: number, forms: Forms) => string

/** `{n}` stands for the number, as it is written in that language. */
export function pluralOf(locale: string): Plural {
  const rules = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replaceAll('{n}', numbers.format(count))
}
