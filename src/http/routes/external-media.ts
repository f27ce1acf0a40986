import { createRoute } from '@hono/zod-openapi'
import { AddExternal, Attachment, UpdateExternal } from '../../contract/attachments.js'
import { IdParam } from '../../contract/fields.js'
import { addExternal, updateExternal } from '../../domain/external-media.js'
import { byUser, limitRate } from '../rate-limits.js'
import { body, createRoutes, json, problems } from '../route.js'

const postExternal = createRoute({
  method: 'post',
  path: '/attachments/external',
  summary: 'Name a file that another media service keeps; it is linked to a message as an upload is',
  middleware: limitRate('upload', byUser),
  request: { body: body(AddExternal) },
  responses: {
    201: json(Attachment, 'Of state external, without a url: the client knows where it is'),
    ...problems('upload.too_many', 'request.invalid', 'rate_limited'),
  },
})

const patchAttachment = createRoute({
  method: 'patch',
  path: '/attachments/{id}',
  summary: 'Say how far the service has come that keeps my file; its readers hear it',
  request: { params: IdParam, body: body(UpdateExternal) },
  responses: {
    200: json(Attachment, 'As it is now'),
    ...problems('attachment.not_found', 'conversation.not_found', 'message.forbidden', 'request.invalid'),
  },
})

export function externalMediaRoutes() {
  const routes = createRoutes()
  routes.openapi(postExternal, async (c) => c.json(await addExternal(c.var.db, c.var.actor, c.req.valid('json')), 201))
  routes.openapi(patchAttachment, async (c) => {
    const { upload_status } = c.req.valid('json')
    return c.json(await updateExternal(c.var.db, c.var.actor, c.req.valid('param').id, upload_status), 200)
  })
  return routes
}
