// A number and its noun. Each language has its own forms, and all of them have `other`.
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }
type Plural = (count: number, forms: Forms) => string

/** That language with the habits of the reader's country, as far as the browser names one: there are several ways to write digits. */
export function regional(language: string): string {
  return navigator.languages.find((one) => one.split('-', 1)[0]?.toLowerCase() === language) ?? language
}

/** `{n}` stands for the number, as it is written there. */
export function pluralOf(language: string): Plural {
  const locale = regional(language)
  const rules = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replaceAll('{n}', numbers.format(count))
}
