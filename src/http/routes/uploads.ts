import { createRoute } from '@hono/zod-openapi'
import { Attachment } from '../../contract/attachments.js'
import { IdParam } from '../../contract/fields.js'
import { HARD } from '../../contract/limits.js'
import { Message } from '../../contract/messages.js'
import { CaptionFields, CaptionOptions, UploadOptions } from '../../contract/uploads.js'
import { completeUpload } from '../../domain/complete-upload.js'
import { sendFiles, uploadForm } from '../../domain/form-uploads.js'
import type { TakeFile } from '../../media/multipart.js'
import { arrivingForm } from '../arriving.js'
import { fieldsOf, form } from '../forms.js'
import { byUser, limitRate } from '../rate-limits.js'
import { createRoutes, json, problems, sendJson } from '../route.js'
import { FILE_PROBLEMS, FORM_PROBLEMS } from '../upload-problems.js'

const postUpload = createRoute({
  method: 'post',
  path: '/uploads',
  summary: 'Upload one file; it is mine until a message of mine has it, and goes after a day without one',
  middleware: limitRate('upload', byUser),
  request: { query: UploadOptions, body: form({ files: 1 }) },
  responses: {
    201: json(Attachment, 'What was stored; name its id in attachment_ids of a message'),
    ...problems(...FORM_PROBLEMS, 'upload.too_many', ...FILE_PROBLEMS, 'rate_limited'),
  },
})

const postAttachments = createRoute({
  method: 'post',
  path: '/conversations/{id}/attachments',
  summary: 'Upload files with their caption, as one message',
  middleware: [limitRate('upload', byUser), limitRate('message', byUser)],
  request: { params: IdParam, query: CaptionOptions, body: form({ files: HARD.attachments, fields: CaptionFields }) },
  responses: {
    200: json(Message, 'The message that this client_id has sent before'),
    201: json(Message, 'The stored message'),
    ...problems(
      ...FORM_PROBLEMS,
      'upload.too_many',
      ...FILE_PROBLEMS,
      'attachment.not_found',
      'message.too_long',
      'message.client_id_reused',
      'message.reply_not_found',
      'request.invalid',
      'rate_limited',
    ),
  },
})

const postComplete = createRoute({
  method: 'post',
  path: '/uploads/{id}/complete',
  summary: 'Make an attachment of a signed or resumable upload whose bytes are all there',
  description: `The bytes are read again, looked into, made clean and stored: from then on nothing changes them.
A repeat gets the same attachment. Where the bytes are not what was announced, or no file that is taken, the upload is gone and
has to begin anew; after any other refusal this may be asked again.`,
  request: { params: IdParam },
  responses: {
    200: json(Attachment, 'What was made by an earlier request'),
    201: json(Attachment, 'What was made; name its id in attachment_ids of a message'),
    ...problems('upload.expired', 'upload.incomplete', 'upload.locked', ...FILE_PROBLEMS),
  },
})

export function uploadRoutes() {
  const routes = createRoutes()
  routes.openapi(postUpload, async (c) => {
    const { db, media, actor, limits } = c.var
    const read = (take: TakeFile) => arrivingForm(c, 1, take)
    return c.json(await uploadForm(db, media, actor, c.req.valid('query'), read, limits), 201)
  })
  routes.openapi(postAttachments, async (c) => {
    const { db, sends, media, actor, limits } = c.var
    const read = async (take: TakeFile) => fieldsOf(CaptionFields, await arrivingForm(c, HARD.attachments, take))
    const { wire, created } = await sendFiles(
      db,
      sends,
      media,
      actor,
      c.req.valid('param').id,
      c.req.valid('query'),
      read,
      limits,
    )
    c.var.metrics.sends.inc({ outcome: created ? 'stored' : 'duplicate' })
    return sendJson(c, wire, created ? 201 : 200)
  })
  routes.openapi(postComplete, async (c) => {
    const { db, media, actor, limits } = c.var
    const { attachment, created } = await completeUpload(db, media, actor, c.req.valid('param').id, limits)
    return c.json(attachment, created ? 201 : 200)
  })
  return routes
}
