import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { Membership, UpdateMembership } from '../../contract/memberships.js'
import { updateMembership } from '../../domain/memberships.js'
import { body, createRoutes, json, problems } from '../route.js'

const patchMembership = createRoute({
  method: 'patch',
  path: '/conversations/{id}/me',
  summary: 'How I want to have a conversation: pinned, archived, muted, its alias and notifications; mine alone',
  request: { params: IdParam, body: body(UpdateMembership) },
  responses: {
    200: json(Membership, 'The whole of it as it is now'),
    ...problems('conversation.not_found', 'conversation.too_many_pinned', 'request.time_past', 'request.invalid'),
  },
})

export function membershipRoutes() {
  const routes = createRoutes()
  routes.openapi(patchMembership, async (c) =>
    c.json(await updateMembership(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  return routes
}
