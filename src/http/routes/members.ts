import { createRoute } from '@hono/zod-openapi'
import { IdParam } from '../../contract/fields.js'
import {
  AddedMembers,
  AddMembers,
  ListMembers,
  Member,
  MemberParam,
  Members,
  TransferOwnership,
  UpdateMember,
} from '../../contract/members.js'
import { addMembers, leaveConversation, listMembers, removeMember } from '../../domain/members.js'
import { transferOwnership, updateMember } from '../../domain/roles.js'
import { body, createRoutes, json, noContent, problems } from '../route.js'

const getMembers = createRoute({
  method: 'get',
  path: '/conversations/{id}/members',
  summary: 'Who is in a conversation of mine',
  request: { params: IdParam, query: ListMembers },
  responses: { 200: json(Members, 'A page of them'), ...problems('conversation.not_found', 'request.invalid') },
})

const postMembers = createRoute({
  method: 'post',
  path: '/conversations/{id}/members',
  summary: 'Add people to a group',
  request: { params: IdParam, body: body(AddMembers) },
  responses: {
    200: json(AddedMembers, 'Those who are new'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'conversation.not_for_direct',
      'user.not_found',
      'user.blocked',
      'member.too_many',
      'member.banned',
      'request.invalid',
    ),
  },
})

const patchMember = createRoute({
  method: 'patch',
  path: '/conversations/{id}/members/{user_id}',
  summary: 'Give somebody another role, or somebody or myself another name here',
  request: { params: MemberParam, body: body(UpdateMember) },
  responses: {
    200: json(Member, 'The member as they are now'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'conversation.not_for_direct',
      'member.not_found',
      'member.own_role',
      'member.outranks',
      'member.role_above_own',
      'user.blocked',
      'request.invalid',
    ),
  },
})

const postTransfer = createRoute({
  method: 'post',
  path: '/conversations/{id}/transfer',
  summary: 'Hand a group over to another member; I stay as an admin',
  request: { params: IdParam, body: body(TransferOwnership) },
  responses: {
    ...noContent('Handed over'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'conversation.not_for_direct',
      'member.not_found',
      'member.own_role',
      'request.invalid',
    ),
  },
})

const deleteMember = createRoute({
  method: 'delete',
  path: '/conversations/{id}/members/{user_id}',
  summary: 'Remove somebody from a group; they hear nothing of it from that moment on',
  request: { params: MemberParam },
  responses: {
    ...noContent('Removed'),
    ...problems(
      'conversation.not_found',
      'conversation.forbidden',
      'conversation.not_for_direct',
      'conversation.owner_cannot_leave',
      'member.not_found',
      'member.outranks',
    ),
  },
})

const postLeave = createRoute({
  method: 'post',
  path: '/conversations/{id}/leave',
  summary: 'Leave a group',
  request: { params: IdParam },
  responses: {
    ...noContent('Left'),
    ...problems('conversation.not_found', 'conversation.not_for_direct', 'conversation.owner_cannot_leave'),
  },
})

export function memberRoutes() {
  const routes = createRoutes()
  routes.openapi(getMembers, async (c) =>
    c.json(await listMembers(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  routes.openapi(postMembers, async (c) => {
    const data = await addMembers(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json'), c.var.limits)
    return c.json({ data }, 200)
  })
  routes.openapi(patchMember, async (c) => {
    const { id, user_id } = c.req.valid('param')
    return c.json(await updateMember(c.var.db, c.var.actor, id, user_id, c.req.valid('json')), 200)
  })
  routes.openapi(postTransfer, async (c) => {
    await transferOwnership(c.var.db, c.var.actor, c.req.valid('param').id, c.req.valid('json'))
    return c.body(null, 204)
  })
  routes.openapi(deleteMember, async (c) => {
    const { id, user_id } = c.req.valid('param')
    await removeMember(c.var.db, c.var.actor, id, user_id)
    return c.body(null, 204)
  })
  routes.openapi(postLeave, async (c) => {
    await leaveConversation(c.var.db, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  return routes
}
