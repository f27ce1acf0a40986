import { createRoute } from '@hono/zod-openapi'
import { Ban, BanMember, Bans, ListBans } from '../../contract/bans.js'
import { IdParam } from '../../contract/fields.js'
import { MemberParam } from '../../contract/members.js'
import { banMember, listBans, unbanMember } from '../../domain/bans.js'
import { body, createRoutes, json, noContent, problems } from '../route.js'

const getBans = createRoute({
  method: 'get',
  path: '/conversations/{id}/bans',
  summary: 'Who is banned from a group, for its moderators',
  request: { params: IdParam, query: ListBans },
  responses: {
    200: json(Bans, 'A page of them'),
    ...problems('conversation.not_found', 'conversation.forbidden', 'request.invalid'),
  },
})

const putBan = createRoute({
  method: 'put',
  path: '/conversations/{id}/bans/{user_id}',
  summary: 'Ban somebody from a group, for good or until a time; a member is removed by it',
  request: { params: MemberParam, body: body(BanMember) },
  responses: {
    200: json(Ban, 'The ban as it is now'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'conversation.not_for_direct',
      'member.outranks',
      'user.not_found',
      'request.time_past',
      'request.invalid',
    ),
  },
})

const deleteBan = createRoute({
  method: 'delete',
  path: '/conversations/{id}/bans/{user_id}',
  summary: 'End a ban; they may be added again',
  request: { params: MemberParam },
  responses: {
    ...noContent('Ended'),
    ...problems('conversation.not_found', 'conversation.forbidden', 'conversation.not_for_direct', 'ban.not_found'),
  },
})

export function banRoutes() {
  const routes = createRoutes()
  routes.openapi(getBans, async (c) =>
    c.json(await listBans(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  routes.openapi(putBan, async (c) => {
    const { id, user_id } = c.req.valid('param')
    return c.json(await banMember(c.var.db, c.var.actor, id, user_id, c.req.valid('json')), 200)
  })
  routes.openapi(deleteBan, async (c) => {
    const { id, user_id } = c.req.valid('param')
    await unbanMember(c.var.db, c.var.actor, id, user_id)
    return c.body(null, 204)
  })
  return routes
}
