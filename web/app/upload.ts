// One file on its way: in a form, or in pieces (tus) where it is so large that beginning anew would hurt.
import { type Attachment, EarshotError } from '../../src/sdk/client.js'
import { readJson, transfer } from './transfer.js'

/** Above it a break in the connection costs only what was not there yet. */
const IN_PIECES_BYTES = 8_388_608
const TUS = { 'Tus-Resumable': '1.0.0' }

type Going = {
  file: File
  conversationId: string
  isVoice: boolean
  signal: AbortSignal
  onProgress: (bytes: number) => void
}

/** What is there already of a file that goes in pieces, for the next attempt. */
export type Begun = { id?: string }

/** @throws EarshotError why it is not there; what was begun can be gone on with */
export async function upload(going: Going, begun: Begun): Promise<Attachment> {
  if (going.file.size > IN_PIECES_BYTES) return inPieces(going, begun)
  const { file, conversationId, isVoice, signal, onProgress } = going
  const body = new FormData()
  body.append('file', file, file.name)
  const query = `conversation_id=${conversationId}&voice=${isVoice}`
  // The form is a little more than the file.
  const onForm = (bytes: number) => onProgress(Math.min(bytes, file.size))
  return attachmentOf(await transfer({ method: 'POST', path: `/uploads?${query}`, body, signal, onProgress: onForm }))
}

/** Its bytes need not wait for their end. */
export function giveUp({ id }: Begun): void {
  if (id === undefined) return
  const { signal } = new AbortController()
  transfer({ method: 'DELETE', path: `/uploads/resumable/${id}`, headers: TUS, signal }).catch(() => undefined)
}

async function inPieces(going: Going, begun: Begun): Promise<Attachment> {
  const { file, signal, onProgress } = going
  const isNew = begun.id === undefined
  begun.id ??= await begin(going)
  const id = begun.id
  const path = `/uploads/resumable/${id}`
  try {
    const offset = isNew ? 0 : offsetOf(await transfer({ method: 'HEAD', path, headers: TUS, signal }))
    onProgress(offset)
    const headers = {
      ...TUS,
      'Upload-Offset': String(offset),
      'Content-Type': 'application/offset+octet-stream',
    }
    const body = file.slice(offset)
    if (offset < file.size) {
      await transfer({
        ...{ method: 'PATCH', path, headers, body, signal },
        onProgress: (bytes) => onProgress(offset + bytes),
      })
    }
    return attachmentOf(await transfer({ method: 'POST', path: `/uploads/${id}/complete`, signal }))
  } catch (error) {
    // What the server does not know any more, or has refused, begins anew.
    if (error instanceof EarshotError && isOver(error)) delete begun.id
    throw error
  }
}

async function begin({ file, conversationId, isVoice, signal }: Going): Promise<string> {
  const metadata = { filename: file.name, conversation_id: conversationId, voice: String(isVoice) }
  const words = Object.entries(metadata).map(([key, value]) => `${key} ${base64(value)}`)
  const headers = { ...TUS, 'Upload-Length': String(file.size), 'Upload-Metadata': words.join() }
  const answer = await transfer({ method: 'POST', path: '/uploads/resumable', headers, signal })
  return answer.getResponseHeader('Location')?.split('/').at(-1) ?? ''
}

const offsetOf = (answer: XMLHttpRequest): number => Number(answer.getResponseHeader('Upload-Offset'))
const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
/** A refusal, and none that passes. HEAD has no body that would say more. */
const isOver = ({ status }: EarshotError): boolean =>
  status >= 400 && status < 500 && ![401, 408, 409, 423, 429].includes(status)

function attachmentOf(answer: XMLHttpRequest): Attachment {
  const attachment = readJson(answer) as Partial<Attachment>
  if (typeof attachment.id !== 'string')
    throw new EarshotError({ status: answer.status, code: 'unexpected', detail: '' })
  return attachment as Attachment
}
