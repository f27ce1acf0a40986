// W3C Trace Context: version, trace, parent, flags; neither id may be all zeros, and there is no version ff.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/

/** The trace that a `traceparent` header names; undefined when it is not one. */
export function parseTraceparent(header: string): string | undefined {
  const [, version, traceId, more] = TRACEPARENT.exec(header) ?? []
  // Only versions to come may have more fields.
  return version === '00' && more !== undefined ? undefined : traceId
}

/** Sixteen bytes, of which Node has a store. */
export function newTraceId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
