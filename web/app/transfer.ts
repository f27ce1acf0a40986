// A request whose progress is seen, which fetch() cannot tell: for files on their way to the server.
import { EarshotError } from '../../src/sdk/client.js'
import { client } from './client.js'

const BASE = '/api/v1'

type Transfer = {
  method: 'POST' | 'PATCH' | 'HEAD' | 'DELETE'
  /** Below the API. */
  path: string
  body?: XMLHttpRequestBodyInit
  headers?: Record<string, string>
  signal: AbortSignal
  onProgress?: (bytes: number) => void
}

/** @throws EarshotError */
export async function transfer(what: Transfer): Promise<XMLHttpRequest> {
  try {
    return await attempt(what, await client.token())
  } catch (error) {
    if (!(error instanceof EarshotError) || error.code !== 'auth.token_expired') throw error
  }
  return attempt(what, await client.token({ renew: true }))
}

function attempt({ method, path, body, headers = {}, signal, onProgress }: Transfer, token = '') {
  return new Promise<XMLHttpRequest>((resolve, reject) => {
    const request = new XMLHttpRequest()
    const giveUp = () => request.abort()
    const fail = (code: string) => reject(new EarshotError({ status: 0, code, detail: '' }))
    if (signal.aborted) return fail('aborted')
    signal.addEventListener('abort', giveUp, { once: true })
    request.open(method, BASE + path)
    request.setRequestHeader('Authorization', `Bearer ${token}`)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    if (onProgress) request.upload.onprogress = ({ loaded }) => onProgress(loaded)
    request.onabort = () => fail('aborted')
    request.onerror = () => fail('network')
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request)
      else reject(refusalOf(request))
    }
    request.onloadend = () => signal.removeEventListener('abort', giveUp)
    request.send(body)
  })
}

function refusalOf(request: XMLHttpRequest): EarshotError {
  const { code, detail } = readJson(request) as { code?: unknown; detail?: unknown }
  const seconds = Number.parseInt(request.getResponseHeader('Retry-After') ?? '', 10)
  return new EarshotError({
    status: request.status,
    code: typeof code === 'string' ? code : 'unexpected',
    detail: typeof detail === 'string' ? detail : '',
    ...(seconds >= 0 && { retry_after_s: seconds }),
  })
}

/** An empty object where it is none: from somebody between here and the server. */
export function readJson({ responseText }: XMLHttpRequest): object {
  try {
    return (JSON.parse(responseText) as object | null) ?? {}
  } catch {
    return {}
  }
}
