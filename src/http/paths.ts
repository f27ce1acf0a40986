// Which paths need less than the others.
export const BASE = '/api/v1'

/** Everything else below BASE needs a token, also what has no route. */
const OPEN = new Set(
  ['auth/register', 'auth/login', 'auth/refresh', 'openapi.json', 'asyncapi.json'].map((path) => `${BASE}/${path}`),
)

/** In these, `{id}` may stand for itself: the documents ask as well. */
const ID = '[^/]+'
/** Avatars are for everyone. */
const AVATARS = new RegExp(`^${BASE}/avatars/(default/)?${ID}$`)
/** Takes `?signature=` instead of a token. */
const SIGNED = new RegExp(`^${BASE}/(attachments/(?<read>${ID})|uploads/(?<put>${ID})/content)$`)
/** Bodies that are files, read as they arrive by whoever answers. */
const BYTES = new RegExp(
  `^${BASE}/(uploads|uploads/${ID}/content|uploads/resumable(/${ID})?|conversations/${ID}/attachments|(users/me|conversations/${ID})/avatar)$`,
)

/** Among them, those that take no JSON beside files: what says it is JSON there is a file as well. */
const FILES_ALONE = new RegExp(`^${BASE}/uploads/(${ID}/content|resumable(/${ID})?)$`)

export const isOpen = (path: string): boolean => OPEN.has(path) || AVATARS.test(path) || !path.startsWith(`${BASE}/`)
export const takesBytes = (path: string, isJson: boolean): boolean =>
  isJson ? FILES_ALONE.test(path) : BYTES.test(path)

/** What a signature on this path is for, and for which file. Whoever may read a file by it may do nothing else to it. */
export function signedPurpose(method: string, path: string): { purpose: 'read' | 'put'; id: string } | undefined {
  const { read, put } = SIGNED.exec(path)?.groups ?? {}
  if (read !== undefined && (method === 'GET' || method === 'HEAD')) return { purpose: 'read', id: read }
  return put !== undefined && method === 'PUT' ? { purpose: 'put', id: put } : undefined
}
