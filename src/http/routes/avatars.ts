import { createHash } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { Avatar, SetAvatar } from '../../contract/avatars.js'
import type { ErrorCode } from '../../contract/errors.js'
import { IdParam } from '../../contract/fields.js'
import {
  type Picture,
  removeConversationAvatar,
  removeUserAvatar,
  requireAvatar,
  setConversationAvatar,
  setUserAvatar,
} from '../../domain/avatars.js'
import { drawAvatar } from '../../media/drawn-avatar.js'
import { originalKey } from '../../media/keys.js'
import { arrivingForm } from '../arriving.js'
import type { Env } from '../env.js'
import { answerFile, answerText } from '../files.js'
import { form } from '../forms.js'
import { BASE } from '../paths.js'
import { byUser, limitRate } from '../rate-limits.js'
import { BINARY, createRoutes, FILE_ANSWERS, json, noContent, problems } from '../route.js'
import { FORM_PROBLEMS } from '../upload-problems.js'

const AVATAR_PROBLEMS = [
  ...FORM_PROBLEMS,
  'upload.too_many',
  'upload.not_found',
  'request.invalid',
  'attachment.not_found',
  'attachment.in_use',
  'attachment.not_an_avatar',
  'attachment.too_large',
  'attachment.quota_exceeded',
  'attachment.unreadable',
  'attachment.too_many_pixels',
  'overloaded',
  'rate_limited',
] as const satisfies ErrorCode[]

/** Not `required`: Hono would ask a form for JSON. */
const PICTURE = {
  required: false,
  content: { 'application/json': { schema: SetAvatar }, ...form({ files: 1 }).content },
}
const ITS_URL = 'Where it is to be had from now on'

const putMine = createRoute({
  method: 'put',
  path: '/users/me/avatar',
  summary: 'Choose my picture: a file, or one that I have uploaded before, which is used up by it',
  middleware: limitRate('upload', byUser),
  request: { body: PICTURE },
  responses: { 200: json(Avatar, ITS_URL), ...problems(...AVATAR_PROBLEMS) },
})

const deleteMine = createRoute({
  method: 'delete',
  path: '/users/me/avatar',
  summary: 'Go back to the picture that is drawn from my id',
  responses: { ...noContent('There is none') },
})

const putOfConversation = createRoute({
  method: 'put',
  path: '/conversations/{id}/avatar',
  summary: 'Choose the picture of a group: a file, or one that I have uploaded before, which is used up by it',
  middleware: limitRate('upload', byUser),
  request: { params: IdParam, body: PICTURE },
  responses: {
    200: json(Avatar, ITS_URL),
    ...problems(...AVATAR_PROBLEMS, 'conversation.not_found', 'conversation.forbidden', 'conversation.not_for_direct'),
  },
})

const deleteOfConversation = createRoute({
  method: 'delete',
  path: '/conversations/{id}/avatar',
  summary: 'Take the picture of a group away',
  request: { params: IdParam },
  responses: {
    ...noContent('There is none'),
    ...problems('conversation.not_found', 'conversation.forbidden', 'conversation.not_for_direct'),
  },
})

const getAvatar = createRoute({
  method: 'get',
  path: '/avatars/{id}',
  summary: 'A picture of a user or a group, for everyone, until another one is chosen',
  request: { params: IdParam },
  responses: {
    ...FILE_ANSWERS,
    ...problems('attachment.not_found', 'attachment.range_not_satisfiable', 'request.invalid'),
  },
})

const getDefault = createRoute({
  method: 'get',
  path: '/avatars/default/{id}',
  summary: 'The picture that is drawn from an id, whether anything has that id or not',
  request: { params: IdParam },
  responses: {
    200: {
      description: 'The drawing',
      content: { 'image/svg+xml': { schema: BINARY } },
    },
    304: { description: 'The client has it' },
    ...problems('request.invalid'),
  },
})

export function avatarRoutes() {
  const routes = createRoutes()
  routes.openapi(putMine, async (c) => {
    const { db, media, actor, limits } = c.var
    const set = (picture: Picture) => setUserAvatar(db, media, actor, picture, limits)
    return c.json(await withPicture(c, set), 200)
  })
  routes.openapi(deleteMine, async (c) => {
    await removeUserAvatar(c.var.db, c.var.actor)
    return c.body(null, 204)
  })
  routes.openapi(putOfConversation, async (c) => {
    const { db, media, actor, limits } = c.var
    const { id } = c.req.valid('param')
    const set = (picture: Picture) => setConversationAvatar(db, media, actor, id, picture, limits)
    return c.json(await withPicture(c, set), 200)
  })
  routes.openapi(deleteOfConversation, async (c) => {
    await removeConversationAvatar(c.var.db, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  routes.openapi(getAvatar, async (c) => {
    const { blob_id, sha256, size, mime_type } = await requireAvatar(c.var.db, c.req.valid('param').id)
    return answerFile(c, {
      key: originalKey(blob_id),
      size,
      mime_type,
      etag: `"${sha256.toString('hex')}"`,
      filename: 'avatar.webp',
      inline: true,
      cache: 'public',
    })
  })
  routes.openapi(getDefault, (c) => {
    const drawing = drawAvatar(c.req.valid('param').id)
    const etag = `"${createHash('sha256').update(drawing).digest('hex')}"`
    return answerText(c, drawing, { mime_type: 'image/svg+xml', etag, cache: 'public' })
  })
  return routes
}

/** `set` answers the id of the picture. */
async function withPicture(c: Context<Env>, set: (picture: Picture) => Promise<string>): Promise<Avatar> {
  // Validated, and nothing in it when a form has come; the type does not know of bodies that have two forms.
  const { attachment_id } = c.req.valid('json' as never) as Partial<SetAvatar>
  const urlOf = (id: string) => ({ avatar_url: `${BASE}/avatars/${id}` })
  if (attachment_id !== undefined) return urlOf(await set({ attachment_id }))
  let id = ''
  await arrivingForm(c, 1, async (file) => {
    id = await set(file)
  })
  return urlOf(id)
}
