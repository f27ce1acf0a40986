import { createRoute } from '@hono/zod-openapi'
import { Attachment } from '../../contract/attachments.js'
import { IdParam } from '../../contract/fields.js'
import { HARD } from '../../contract/limits.js'
import { Message } from '../../contract/messages.js'
import { CaptionFields, UploadOptions } from '../../contract/uploads.js'
import { sendFiles, uploadForm } from '../../domain/form-uploads.js'
import { readForm, type TakeFile } from '../../media/multipart.js'
import { fieldsOf, form, UPLOAD_PROBLEMS } from '../forms.js'
import { byUser, limitRate } from '../rate-limits.js'
import { createRoutes, json, problems } from '../route.js'

const postUpload = createRoute({
  method: 'post',
  path: '/uploads',
  summary: 'Upload one file; it is mine until a message of mine has it, and goes after a day without one',
  middleware: limitRate('upload', byUser),
  request: { query: UploadOptions, body: form({ files: 1 }) },
  responses: {
    201: json(Attachment, 'What was stored; name its id in attachment_ids of a message'),
    ...problems(...UPLOAD_PROBLEMS, 'conversation.not_found', 'conversation.forbidden', 'user.blocked', 'rate_limited'),
  },
})

const postAttachments = createRoute({
  method: 'post',
  path: '/conversations/{id}/attachments',
  summary: 'Upload files with their caption, as one message',
  middleware: limitRate('upload', byUser),
  request: { params: IdParam, body: form({ files: HARD.attachments, fields: CaptionFields }) },
  responses: {
    200: json(Message, 'The message that this client_id has sent before'),
    201: json(Message, 'The stored message'),
    ...problems(
      ...UPLOAD_PROBLEMS,
      'conversation.not_found',
      'conversation.forbidden',
      'user.blocked',
      'attachment.not_found',
      'message.too_long',
      'message.client_id_reused',
      'message.reply_not_found',
      'request.invalid',
      'rate_limited',
    ),
  },
})

export function uploadRoutes() {
  const routes = createRoutes()
  routes.openapi(postUpload, async (c) => {
    const { db, media, actor, limits } = c.var
    const read = (take: TakeFile) => readForm(c.env.incoming, { files: 1, stall_ms: media.stallMs }, take)
    return c.json(await uploadForm(db, media, actor, c.req.valid('query'), read, limits), 201)
  })
  routes.openapi(postAttachments, async (c) => {
    const { db, media, actor, limits } = c.var
    const read = async (take: TakeFile) => {
      const rules = { files: HARD.attachments, stall_ms: media.stallMs }
      return fieldsOf(CaptionFields, await readForm(c.env.incoming, rules, take))
    }
    const { message, created } = await sendFiles(db, media, actor, c.req.valid('param').id, read, limits)
    c.var.metrics.sends.inc({ outcome: created ? 'stored' : 'duplicate' })
    return c.json(message, created ? 201 : 200)
  })
  return routes
}
