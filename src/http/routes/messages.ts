import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { DeleteMessage, EditMessage, ListMessages, Message, Messages, SendMessage } from '../../contract/messages.js'
import {
  deleteMessage as deleteForEveryone,
  editMessage,
  hideMessage,
  listMessages,
  readMessage,
  unhideMessage,
} from '../../domain/messages.js'
import { byUser, limitRate } from '../rate-limits.js'
import { body, createRoutes, json, noContent, problems, sendJson } from '../route.js'

const postMessage = createRoute({
  method: 'post',
  path: '/conversations/{id}/messages',
  summary: 'Send a message; the answer comes once it is durable',
  middleware: limitRate('message', byUser),
  request: { params: IdParam, body: body(SendMessage) },
  responses: {
    200: json(Message, 'The message that this client_id has sent before'),
    201: json(Message, 'The stored message'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'user.blocked',
      'message.empty',
      'message.too_long',
      'message.client_id_reused',
      'message.reply_not_found',
      'attachment.not_found',
      'attachment.in_use',
      'attachment.not_allowed_here',
      'rate_limited',
      'request.invalid',
      'busy',
    ),
  },
})

const getMessages = createRoute({
  method: 'get',
  path: '/conversations/{id}/messages',
  summary: 'The history, in ascending order of number: the newest, or before, after or around one',
  request: { params: IdParam, query: ListMessages },
  responses: { 200: json(Messages, 'A stretch of it'), ...problems('conversation.not_found', 'request.invalid') },
})

const getMessage = createRoute({
  method: 'get',
  path: '/messages/{id}',
  summary: 'One message',
  request: { params: IdParam },
  responses: { 200: json(Message, 'The message'), ...problems('message.not_found') },
})

const patchMessage = createRoute({
  method: 'patch',
  path: '/messages/{id}',
  summary: 'Edit my text, for a while after I have sent it',
  request: { params: IdParam, body: body(EditMessage) },
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
      'message.empty',
      'message.too_long',
      'request.invalid',
    ),
  },
})

const deleteMessage = createRoute({
  method: 'delete',
  path: '/messages/{id}',
  summary: 'Delete for everyone: mine for a while, any as a moderator; the message keeps its place',
  request: { params: IdParam, query: DeleteMessage },
  responses: {
    200: json(Message, 'The message without its content'),
    ...problems('message.not_found', 'conversation.not_found', 'message.forbidden', 'message.delete_window_over'),
  },
})

const putHidden = createRoute({
  method: 'put',
  path: '/messages/{id}/hidden',
  summary: 'Delete for me alone',
  request: { params: IdParam },
  responses: { ...noContent('Hidden on all my devices'), ...problems('message.not_found') },
})

const deleteHidden = createRoute({
  method: 'delete',
  path: '/messages/{id}/hidden',
  summary: 'Show me again what I had deleted for me alone',
  request: { params: IdParam },
  responses: { ...noContent('Shown again'), ...problems('message.not_found') },
})

export function messageRoutes() {
  const routes = createRoutes()
  routes.openapi(postMessage, async (c) => {
    const { wire, created } = await c.var.sends.send(c.var.actor, c.req.valid('param').id, c.req.valid('json'))
    c.var.metrics.sends.inc({ outcome: created ? 'stored' : 'duplicate' })
    return sendJson(c, wire, created ? 201 : 200)
  })
  routes.openapi(getMessages, async (c) =>
    sendJson(c, await listMessages(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  routes.openapi(getMessage, async (c) =>
    c.json(await readMessage(c.var.db.query, c.var.actor, c.req.valid('param').id), 200),
  )
  routes.openapi(patchMessage, async (c) =>
    c.json(await editMessage(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json'), c.var.limits), 200),
  )
  routes.openapi(deleteMessage, async (c) =>
    c.json(
      await deleteForEveryone(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query'), c.var.limits),
      200,
    ),
  )
  routes.openapi(putHidden, async (c) => {
    await hideMessage(c.var.db, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  routes.openapi(deleteHidden, async (c) => {
    await unhideMessage(c.var.db, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  return routes
}
