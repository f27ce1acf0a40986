import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import { FindUsers, FoundUsers, Me, UpdateMe, User } from '../../contract/users.js'
import { findUsers, readMe, requireUser, updateMe } from '../../domain/users.js'
import { limitRate } from '../rate-limits.js'
import { body, createRoutes, json, problems } from '../route.js'

const getMe = createRoute({
  method: 'get',
  path: '/users/me',
  summary: 'My profile, with my e-mail address',
  responses: { 200: json(Me, 'My profile') },
})

const patchMe = createRoute({
  method: 'patch',
  path: '/users/me',
  summary: 'Change my profile; fields that are left out stay',
  request: { body: body(UpdateMe) },
  responses: { 200: json(Me, 'My profile as it is now'), ...problems('account.email_taken', 'request.invalid') },
})

const getUsers = createRoute({
  method: 'get',
  path: '/users',
  summary: 'Find people by part of a name (at most 20, closest first), or read up to 100 by id',
  middleware: limitRate('search', (c) => (c.req.query('query') === undefined ? undefined : c.var.actor.user_id)),
  request: { query: FindUsers },
  responses: { 200: json(FoundUsers, 'Those who were found'), ...problems('rate_limited', 'request.invalid') },
})

const getUser = createRoute({
  method: 'get',
  path: '/users/{id}',
  summary: 'The public profile of a user',
  request: { params: IdParam },
  responses: { 200: json(User, 'The profile'), ...problems('user.not_found') },
})

export function userRoutes() {
  const routes = createRoutes()
  routes.openapi(getMe, async (c) => c.json(await readMe(c.var.db.query, c.var.actor.user_id), 200))
  routes.openapi(patchMe, async (c) => c.json(await updateMe(c.var.db, c.var.actor, c.req.valid('json')), 200))
  routes.openapi(getUsers, async (c) =>
    c.json({ data: await findUsers(c.var.db, c.var.actor, c.req.valid('query')) }, 200),
  )
  routes.openapi(getUser, async (c) => c.json(await requireUser(c.var.db, c.req.valid('param').id), 200))
  return routes
}
