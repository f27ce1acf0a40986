// AWS Signature Version 4 from the side of who checks it, rebuilt from the raw request: nothing here is shared with the
// library that signs. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export type Signed = {
  method: string
  /** As it came over the wire. */
  target: string
  rawHeaders: string[]
  body: Uint8Array
}
export type Account = { access_key_id: string; secret_access_key: string; region: string }

const SKEW_MS = 15 * 60_000
const MAX_EXPIRES_S = 604_800

/** The code of what is wrong with the signature of a request; undefined when it is right. */
export function refuse(request: Signed, account: Account, now: number): string | undefined {
  const [path = '', search = ''] = request.target.split('?')
  const query = parseQuery(search)
  const headers = collectHeaders(request.rawHeaders)
  const inQuery = query.some(([name]) => name === 'X-Amz-Signature')
  const claim = inQuery ? fromQuery(query) : fromHeader(headers)
  if (!claim) return 'AccessDenied'

  const [key, day, region, service, terminator] = claim.credential.split('/')
  if (key !== account.access_key_id) return 'InvalidAccessKeyId'
  if (region !== account.region) return 'AuthorizationHeaderMalformed'
  if (service !== 's3' || terminator !== 'aws4_request' || !claim.date.startsWith(day ?? '?')) return 'AccessDenied'

  const at = Date.parse(claim.date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
  if (!(Math.abs(now - at) <= SKEW_MS) && !inQuery) return 'RequestTimeTooSkewed'
  if (inQuery && !(claim.expires_s >= 1 && claim.expires_s <= MAX_EXPIRES_S)) return 'AuthorizationQueryParametersError'
  if (inQuery && !(at - SKEW_MS <= now && now <= at + claim.expires_s * 1_000)) return 'AccessDenied'

  const signed = claim.signed_headers.split(';')
  const needed = [...headers.keys()].filter((name) => name === 'host' || name.startsWith('x-amz-'))
  if (needed.some((name) => !signed.includes(name))) return 'AccessDenied'
  if (signed.some((name) => !headers.has(name))) return 'AccessDenied'

  const payload = inQuery ? 'UNSIGNED-PAYLOAD' : headers.get('x-amz-content-sha256')
  const canonical = [
    request.method,
    path
      .split('/')
      .map((segment) => encode(decodeURIComponent(segment)))
      .join('/'),
    query
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.map((name) => `${name}:${headers.get(name)}`),
    '',
    claim.signed_headers,
    payload,
  ].join('\n')
  const scope = [day, region, service, terminator].join('/')
  const text = ['AWS4-HMAC-SHA256', claim.date, scope, sha256(canonical)].join('\n')
  let secret: string | Buffer = `AWS4${account.secret_access_key}`
  for (const step of [day, region, service, terminator])
    secret = createHmac('sha256', secret)
      .update(step ?? '')
      .digest()
  const expected = createHmac('sha256', secret).update(text).digest()
  const given = Buffer.from(claim.signature, 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'SignatureDoesNotMatch'
  // An unsigned payload would be allowed by S3; here whoever signs headers has to sign the body too.
  if (!inQuery && payload !== sha256(request.body)) return 'XAmzContentSHA256Mismatch'
  return undefined
}

export function parseQuery(search: string): [name: string, value: string][] {
  return search
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decodeURIComponent(name), decodeURIComponent(value.join('='))]
    })
}

function fromQuery(query: [string, string][]) {
  const given = new Map(query)
  if (given.size !== query.length || given.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return undefined
  return {
    credential: given.get('X-Amz-Credential') ?? '',
    signed_headers: given.get('X-Amz-SignedHeaders') ?? '',
    signature: given.get('X-Amz-Signature') ?? '',
    date: given.get('X-Amz-Date') ?? '',
    expires_s: Number(given.get('X-Amz-Expires')),
  }
}

function fromHeader(headers: Map<string, string>) {
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    headers.get('authorization') ?? '',
  )
  if (!match) return undefined
  const [, credential = '', signed_headers = '', signature = ''] = match
  return { credential, signed_headers, signature, date: headers.get('x-amz-date') ?? '', expires_s: 0 }
}

function collectHeaders(raw: string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    const value = raw[at + 1]!.trim().replace(/\s+/g, ' ')
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value)
  }
  return headers
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
