const FORM = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * The same text for the same origin, whatever its case and whether it names the port that its scheme has anyway. Undefined
 * for what is none, as `null` is.
 */
export function normalizeOrigin(text: string): string | undefined {
  if (!FORM.test(text) || !URL.canParse(text)) return undefined
  const { origin } = new URL(text)
  // Of an app or an extension: a scheme of which URL knows no origin.
  return origin === 'null' ? text.toLowerCase() : origin
}
