import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { PutContent, SignedUpload, SignUpload } from '../../contract/uploads.js'
import { putContent, signUpload } from '../../domain/signed-uploads.js'
import { arrivingBytes } from '../arriving.js'
import { BASE } from '../paths.js'
import { byUser, limitRate } from '../rate-limits.js'
import { body, bytesOf, createRoutes, json, noContent, problems } from '../route.js'
import { ANNOUNCED_PROBLEMS } from '../upload-problems.js'

const postSign = createRoute({
  method: 'post',
  path: '/uploads/sign',
  summary: 'An address to put one file to, for five minutes; then complete the upload',
  middleware: limitRate('upload', byUser),
  request: { body: body(SignUpload) },
  responses: {
    201: json(SignedUpload, 'Put exactly these bytes there, with these headers and without a token'),
    ...problems(...ANNOUNCED_PROBLEMS, 'rate_limited'),
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
    body: bytesOf(),
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
    const [mime_type = ''] = (c.req.header('content-type') ?? '').split(';')
    const content = { mime_type: mime_type.trim(), ...arrivingBytes(c) }
    await putContent(db, media, actor, c.req.valid('param').id, content)
    return c.body(null, 204)
  })
  return routes
}
