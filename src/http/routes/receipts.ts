import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { Membership } from '../../contract/memberships.js'
import {
  ListReceipts,
  MarkUnread,
  MessageReceipts,
  ReadConversations,
  ReadOutcome,
  Receipts,
  ReportReceipts,
  UnreadCounts,
} from '../../contract/receipts.js'
import { MyStats } from '../../contract/stats.js'
import { listMessageReceipts, listReceipts } from '../../domain/receipts.js'
import { readMyStats } from '../../domain/stats.js'
import { listUnread, markUnread } from '../../domain/unread.js'
import { reportAllRead, reportReceipts } from '../../realtime/receipts.js'
import { body, createRoutes, json, problems } from '../route.js'

const putReceipts = createRoute({
  method: 'put',
  path: '/conversations/{id}/receipts',
  tags: ['receipts'],
  summary: 'I have read, or my device has received, everything up to a number',
  request: { params: IdParam, body: body(ReportReceipts) },
  responses: {
    200: json(Membership, 'What the conversation is to me now'),
    ...problems('conversation.not_found', 'request.invalid', 'busy'),
  },
})

const getReceipts = createRoute({
  method: 'get',
  path: '/conversations/{id}/receipts',
  tags: ['receipts'],
  summary: 'How far each member has read and received, myself included',
  request: { params: IdParam, query: ListReceipts },
  responses: { 200: json(Receipts, 'A page of them'), ...problems('conversation.not_found', 'request.invalid') },
})

const putUnread = createRoute({
  method: 'put',
  path: '/conversations/{id}/unread',
  tags: ['receipts'],
  summary: 'Mark as unread from a message on, for me alone; the next read ends it',
  request: { params: IdParam, body: body(MarkUnread) },
  responses: {
    200: json(Membership, 'What the conversation is to me now'),
    ...problems('conversation.not_found', 'request.invalid'),
  },
})

const postRead = createRoute({
  method: 'post',
  path: '/conversations/read',
  tags: ['receipts'],
  summary: 'I have read everything, in all my conversations or in these',
  request: { body: body(ReadConversations) },
  responses: { 200: json(ReadOutcome, 'How many were mine'), ...problems('request.invalid', 'busy') },
})

const getMessageReceipts = createRoute({
  method: 'get',
  path: '/messages/{id}/receipts',
  tags: ['receipts'],
  summary: 'Who received a message and who read it, when; without those whom I have blocked or who have blocked me',
  request: { params: IdParam, query: ListReceipts },
  responses: {
    200: json(MessageReceipts, 'A page of those who were there, with the counts of all'),
    ...problems('message.not_found', 'request.invalid'),
  },
})

const getUnread = createRoute({
  method: 'get',
  path: '/unread',
  tags: ['receipts'],
  summary: 'How much is unread in which of my conversations, and in all of them',
  request: { query: ListReceipts },
  responses: { 200: json(UnreadCounts, 'A page of them, with the totals'), ...problems('request.invalid') },
})

const getStats = createRoute({
  method: 'get',
  path: '/users/me/stats',
  tags: ['receipts'],
  summary: 'How much I have sent and received, and how soon it reaches the others',
  responses: { 200: json(MyStats, 'My numbers') },
})

export function receiptRoutes() {
  const routes = createRoutes()
  routes.openapi(putReceipts, async (c) => {
    const report = { conversation_id: c.req.valid('param').id, ...c.req.valid('json') }
    return c.json(await reportReceipts(c.var, c.var.actor, report), 200)
  })
  routes.openapi(getReceipts, async (c) =>
    c.json(await listReceipts(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  routes.openapi(putUnread, async (c) =>
    c.json(await markUnread(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  routes.openapi(postRead, async (c) => c.json(await reportAllRead(c.var, c.var.actor, c.req.valid('json')), 200))
  routes.openapi(getMessageReceipts, async (c) =>
    c.json(await listMessageReceipts(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  routes.openapi(getUnread, async (c) => c.json(await listUnread(c.var.db, c.var.actor, c.req.valid('query')), 200))
  routes.openapi(getStats, async (c) => c.json(await readMyStats(c.var.db, c.var.actor), 200))
  return routes
}
