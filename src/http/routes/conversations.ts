import { createRoute } from '@hono/zod-openapi'
import {
  Conversation,
  Conversations,
  CreateConversation,
  ListConversations,
  UpdateConversation,
} from '../../contract/conversations.js'
import { IdParam } from '../../contract/fields.js'
import {
  createConversation,
  deleteConversation,
  listConversations,
  readConversation,
  updateConversation,
} from '../../domain/conversations.js'
import { body, createRoutes, json, noContent, problems } from '../route.js'

const postConversation = createRoute({
  method: 'post',
  path: '/conversations',
  summary: 'Open a direct conversation or create a group',
  request: { body: body(CreateConversation) },
  responses: {
    200: json(Conversation, 'The direct conversation that exists'),
    201: json(Conversation, 'The new conversation'),
    ...problems(
      'user.not_found',
      'user.blocked',
      'conversation.with_oneself',
      'conversation.name_taken',
      'member.too_many',
      'request.invalid',
    ),
  },
})

const getConversations = createRoute({
  method: 'get',
  path: '/conversations',
  summary: 'My conversations: pinned ones, then the most recently active; archived ones only when asked for',
  request: { query: ListConversations },
  responses: { 200: json(Conversations, 'A page of them'), ...problems('request.invalid') },
})

const getConversation = createRoute({
  method: 'get',
  path: '/conversations/{id}',
  summary: 'One of my conversations',
  request: { params: IdParam },
  responses: { 200: json(Conversation, 'The conversation as I see it'), ...problems('conversation.not_found') },
})

const patchConversation = createRoute({
  method: 'patch',
  path: '/conversations/{id}',
  summary: 'Change a group; fields that are left out stay, metadata is merged',
  request: { params: IdParam, body: body(UpdateConversation) },
  responses: {
    200: json(Conversation, 'The conversation as it is now'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'conversation.not_for_direct',
      'conversation.name_taken',
      'conversation.metadata_too_large',
      'request.invalid',
    ),
  },
})

const deleteRoute = createRoute({
  method: 'delete',
  path: '/conversations/{id}',
  summary: 'Delete a group for all its members',
  request: { params: IdParam },
  responses: {
    ...noContent('Deleted'),
    ...problems('conversation.not_found', 'conversation.forbidden', 'conversation.not_for_direct'),
  },
})

export function conversationRoutes() {
  const routes = createRoutes()
  routes.openapi(postConversation, async (c) => {
    const { conversation, created } = await createConversation(c.var.db, c.var.actor, c.req.valid('json'), c.var.limits)
    return c.json(conversation, created ? 201 : 200)
  })
  routes.openapi(getConversations, async (c) =>
    c.json(await listConversations(c.var.db, c.var.actor, c.req.valid('query')), 200),
  )
  routes.openapi(getConversation, async (c) =>
    c.json(await readConversation(c.var.db.query, c.var.actor, c.req.valid('param').id), 200),
  )
  routes.openapi(patchConversation, async (c) =>
    c.json(await updateConversation(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  routes.openapi(deleteRoute, async (c) => {
    await deleteConversation(c.var.db, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  return routes
}
