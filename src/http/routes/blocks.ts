import { createRoute } from '@hono/zod-openapi'
import { BlockParam, Blocks, ListBlocks } from '../../contract/blocks.js'
import { blockUser, listBlocks, unblockUser } from '../../domain/blocks.js'
import { createRoutes, json, noContent, problems } from '../route.js'

const getBlocks = createRoute({
  method: 'get',
  path: '/blocks',
  summary: 'Whom I have blocked, the latest first',
  request: { query: ListBlocks },
  responses: { 200: json(Blocks, 'A page of them'), ...problems('request.invalid') },
})

const putBlock = createRoute({
  method: 'put',
  path: '/blocks/{user_id}',
  summary: 'Block somebody: no direct messages and no invitations either way; they are not told',
  request: { params: BlockParam },
  responses: {
    ...noContent('Blocked'),
    ...problems('user.not_found', 'block.oneself', 'block.too_many', 'request.invalid'),
  },
})

const deleteBlock = createRoute({
  method: 'delete',
  path: '/blocks/{user_id}',
  summary: 'Take a block of mine back; one that the other has made stays',
  request: { params: BlockParam },
  responses: { ...noContent('Not blocked, or not any more'), ...problems('request.invalid') },
})

export function blockRoutes() {
  const routes = createRoutes()
  routes.openapi(getBlocks, async (c) => c.json(await listBlocks(c.var.db, c.var.actor, c.req.valid('query')), 200))
  routes.openapi(putBlock, async (c) => {
    await blockUser(c.var.db, c.var.actor, c.req.valid('param').user_id, c.var.limits)
    return c.body(null, 204)
  })
  routes.openapi(deleteBlock, async (c) => {
    await unblockUser(c.var.db, c.var.actor, c.req.valid('param').user_id)
    return c.body(null, 204)
  })
  return routes
}
