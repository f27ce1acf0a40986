import { createRoute } from '@hono/zod-openapi'
import { Attachment } from '../../contract/attachments.js'
import { IdParam } from '../../contract/fields.js'
import { PutContent, SignedUpload, SignUpload } from '../../contract/uploads.js'
import { completeUpload } from '../../domain/complete-upload.js'
import { putContent, signUpload } from '../../domain/signed-uploads.js'
import { readBody } from '../../media/read-body.js'
import { BASE } from '../paths.js'
import { byUser, limitRate } from '../rate-limits.js'
import { body, createRoutes, json, noContent, problems } from '../route.js'

const postSign = createRoute({
  method: 'post',
  path: '/uploads/sign',
  summary: 'An address to put one file to, for five minutes; then complete the upload',
  middleware: limitRate('upload', byUser),
  request: { body: body(SignUpload) },
  responses: {
    201: json(SignedUpload, 'Put exactly these bytes there, with these headers and without a token'),
    ...problems(
      'upload.too_many',
      'attachment.type_not_allowed',
      'attachment.too_large',
      'attachment.quota_exceeded',
      'attachment.not_allowed_here',
      'conversation.not_found',
      'conversation.forbidden',
      'user.blocked',
      'rate_limited',
    ),
  },
})

const putUploadContent = createRoute({
  method: 'put',
  path: '/uploads/{id}/content',
  summary: 'The bytes of a signed upload, as many and of the type as announced',
  middleware: limitRate('upload', byUser),
  request: {
    params: IdParam,
    query: PutContent,
    body: { required: true, content: { '*/*': { schema: { type: 'string' as const, format: 'binary' } } } },
  },
  responses: {
    ...noContent('They are here; another put takes their place until the upload is complete'),
    ...problems(
      'upload.not_found',
      'upload.expired',
      'upload.mismatch',
      'upload.malformed',
      'upload.stalled',
      'upload.too_many',
      'attachment.link_invalid',
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
    ...problems(
      'upload.not_found',
      'upload.expired',
      'upload.incomplete',
      'upload.mismatch',
      'upload.locked',
      'attachment.too_large',
      'attachment.quota_exceeded',
      'attachment.type_not_allowed',
      'attachment.not_allowed_here',
      'attachment.unreadable',
      'attachment.too_many_pixels',
      'attachment.metadata_stays',
      'conversation.not_found',
      'conversation.forbidden',
      'user.blocked',
      'overloaded',
    ),
  },
})

export function signedUploadRoutes() {
  const routes = createRoutes()
  routes.openapi(postSign, async (c) => {
    const { db, media, actor, limits } = c.var
    const { id, mime_type, expires_at, direct } = await signUpload(db, media, actor, c.req.valid('json'), limits)
    const signature = media.links.sign('put', actor, id, expires_at)
    const ours = { url: `${BASE}/uploads/${id}/content?signature=${signature}`, headers: { 'content-type': mime_type } }
    const signed = { attachment_id: id, method: 'PUT' as const, expires_at: expires_at.toISOString() }
    return c.json({ ...signed, ...(direct ?? ours) }, 201)
  })
  routes.openapi(putUploadContent, async (c) => {
    const { db, media, actor } = c.var
    const length = c.req.header('content-length')
    const [mime_type = ''] = (c.req.header('content-type') ?? '').split(';')
    await putContent(db, media, actor, c.req.valid('param').id, {
      mime_type: mime_type.trim(),
      length: length === undefined ? undefined : Number(length),
      bytes: readBody(c.env.incoming, { stall_ms: media.stallMs }),
    })
    return c.body(null, 204)
  })
  routes.openapi(postComplete, async (c) => {
    const { db, media, actor, limits } = c.var
    const { attachment, created } = await completeUpload(db, media, actor, c.req.valid('param').id, limits)
    return c.json(attachment, created ? 201 : 200)
  })
  return routes
}
