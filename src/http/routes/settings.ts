import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { ConversationSettings, UpdateSettings } from '../../contract/settings.js'
import { readSettings, updateSettings } from '../../domain/settings.js'
import { body, createRoutes, json, problems } from '../route.js'

const getSettings = createRoute({
  method: 'get',
  path: '/conversations/{id}/settings',
  summary: 'What may be sent in one of my conversations',
  request: { params: IdParam },
  responses: { 200: json(ConversationSettings, 'Its settings'), ...problems('conversation.not_found') },
})

const patchSettings = createRoute({
  method: 'patch',
  path: '/conversations/{id}/settings',
  summary: 'Change what may be sent in a group from now on; fields that are left out stay',
  request: { params: IdParam, body: body(UpdateSettings) },
  responses: {
    200: json(ConversationSettings, 'The settings as they are now'),
    ...problems('conversation.not_found', 'conversation.forbidden', 'conversation.not_for_direct', 'request.invalid'),
  },
})

export function settingsRoutes() {
  const routes = createRoutes()
  routes.openapi(getSettings, async (c) =>
    c.json(await readSettings(c.var.db, c.var.actor, c.req.valid('param').id), 200),
  )
  routes.openapi(patchSettings, async (c) =>
    c.json(await updateSettings(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  return routes
}
