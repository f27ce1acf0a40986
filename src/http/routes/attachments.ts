import { createRoute, type z } from '@hono/zod-openapi'
import {
  Attachment,
  Attachments,
  LinkAttachments,
  ListAttachments,
  ReadAttachment,
  SignedUrls,
  SignUrls,
} from '../../contract/attachments.js'
import { AppError } from '../../contract/errors.js'
import { IdParam } from '../../contract/fields.js'
import { Message } from '../../contract/messages.js'
import { removeAttachment } from '../../domain/attachment-removal.js'
import { findVisible, readAttachment, requireVisibleFile, type VisibleFile } from '../../domain/attachments.js'
import { listAttachments } from '../../domain/gallery.js'
import { addAttachments } from '../../domain/message-attachments.js'
import { typeOfMime } from '../../media/file-types.js'
import { originalKey, variantKey } from '../../media/keys.js'
import { answerFile, type ServedFile } from '../files.js'
import { BASE } from '../paths.js'
import { body, createRoutes, FILE_ANSWERS, json, noContent, problems } from '../route.js'

const getAttachment = createRoute({
  method: 'get',
  path: '/attachments/{id}',
  summary: 'The bytes of a file or of one of its previews, also in part (Range); they never change',
  request: { params: IdParam, query: ReadAttachment },
  responses: {
    ...FILE_ANSWERS,
    ...problems(
      'attachment.not_found',
      'attachment.not_ready',
      'attachment.range_not_satisfiable',
      'attachment.link_invalid',
      'request.invalid',
    ),
  },
})

const getInfo = createRoute({
  method: 'get',
  path: '/attachments/{id}/info',
  summary: 'What is known of a file, also before a message has it',
  request: { params: IdParam },
  responses: { 200: json(Attachment, 'As in its message'), ...problems('attachment.not_found') },
})

const postUrls = createRoute({
  method: 'post',
  path: '/attachments/urls',
  summary: 'Addresses for what cannot send a token, such as <img>; they end soon',
  request: { body: body(SignUrls) },
  responses: { 200: json(SignedUrls, 'Of those that I may see'), ...problems('request.invalid') },
})

const deleteAttachment = createRoute({
  method: 'delete',
  path: '/attachments/{id}',
  summary: 'Remove one file, of a message too: mine for a while, any as a moderator; the message stays',
  request: { params: IdParam },
  responses: {
    ...noContent('Gone for everyone, now or before'),
    ...problems(
      'attachment.not_found',
      'message.not_found',
      'conversation.not_found',
      'message.forbidden',
      'message.delete_window_over',
    ),
  },
})

const getAttachments = createRoute({
  method: 'get',
  path: '/conversations/{id}/attachments',
  summary: 'The files of a conversation, also of one kind alone, those of the newest message first',
  request: { params: IdParam, query: ListAttachments },
  responses: { 200: json(Attachments, 'A page of them'), ...problems('conversation.not_found', 'request.invalid') },
})

const postMessageAttachments = createRoute({
  method: 'post',
  path: '/messages/{id}/attachments',
  summary: 'Add files to my message that has some, as long as I may edit it; its type stays',
  request: { params: IdParam, body: body(LinkAttachments) },
  responses: {
    200: json(Message, 'The message as it is now'),
    ...problems(
      'message.not_found',
      'conversation.not_found',
      'message.forbidden',
      'conversation.forbidden',
      'user.blocked',
      'message.not_editable',
      'message.edit_window_over',
      'attachment.not_found',
      'attachment.in_use',
      'attachment.not_allowed_here',
      'request.invalid',
    ),
  },
})

export function attachmentRoutes() {
  const routes = createRoutes()
  routes.openapi(getAttachment, async (c) => {
    const file = await requireVisibleFile(c.var.db, c.var.actor, c.req.valid('param').id)
    const { variant } = c.req.valid('query')
    const savesData = file.kind === 'image' && c.req.header('save-data')?.toLowerCase() === 'on'
    if (file.kind === 'image' && variant === undefined) c.header('Vary', 'Save-Data', { append: true })
    return answerFile(c, served(file, variant ?? (savesData && file.state === 'ready' ? 'preview' : 'original')))
  })
  routes.openapi(getInfo, async (c) =>
    c.json(await readAttachment(c.var.db, c.var.actor, c.req.valid('param').id), 200),
  )
  routes.openapi(postUrls, async (c) => {
    const { links } = c.var.media
    const expires_at = links.end()
    const ids = await findVisible(c.var.db, c.var.actor, c.req.valid('json').attachment_ids)
    const data = ids.map((id) => ({
      attachment_id: id,
      url: `${BASE}/attachments/${id}?signature=${links.sign('read', c.var.actor, id, expires_at)}`,
    }))
    return c.json({ data, expires_at: expires_at.toISOString() }, 200)
  })
  routes.openapi(deleteAttachment, async (c) => {
    await removeAttachment(c.var.db, c.var.actor, c.req.valid('param').id, c.var.limits)
    return c.body(null, 204)
  })
  routes.openapi(getAttachments, async (c) =>
    c.json(await listAttachments(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  routes.openapi(postMessageAttachments, async (c) => {
    const { attachment_ids } = c.req.valid('json')
    return c.json(
      await addAttachments(c.var.db, c.var.actor, c.req.valid('param').id, attachment_ids, c.var.limits),
      200,
    )
  })
  return routes
}

type Wanted = NonNullable<z.infer<typeof ReadAttachment>['variant']>

/** @throws AppError attachment.not_found, .not_ready */
function served(file: VisibleFile, wanted: Wanted): ServedFile {
  const { blob_id, sha256, variants, state } = file
  if (blob_id === null || sha256 === null)
    throw new AppError('attachment.not_found', { detail: 'It is kept elsewhere' })
  const hash = sha256.toString('hex')
  const variant = variants?.find((one) => one.name === wanted)
  if (variant) {
    const { mime_type, size } = variant
    const name = `${file.filename.replace(/\.[^.]*$/, '')}.${wanted}.webp`
    return {
      key: variantKey(blob_id, variant.name),
      size,
      mime_type,
      etag: `"${hash}-${wanted}"`,
      filename: name,
      inline: true,
      cache: 'private',
    }
  }
  if (wanted !== 'original' && state === 'processing') throw new AppError('attachment.not_ready', { retry_after_s: 1 })
  // A picture that is small already has no larger previews than itself.
  if (wanted !== 'original' && (file.kind !== 'image' || state === 'failed')) {
    throw new AppError('attachment.not_found', { detail: 'This file has no such preview' })
  }
  const { size, mime_type, filename } = file
  const inline = typeOfMime(mime_type)?.inline ?? false
  return { key: originalKey(blob_id), size, mime_type, etag: `"${hash}"`, filename, inline, cache: 'private' }
}
