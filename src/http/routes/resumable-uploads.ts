// tus 1.0.0 over the house's own routes: creation, creation-with-upload, expiration, termination.
import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { AppError } from '../../contract/errors.js'
import { IdParam } from '../../contract/fields.js'
import { TusAppend, TusCreation, TusHeaders } from '../../contract/uploads.js'
import { abortUpload, appendBytes, beginResumable, readProgress } from '../../domain/resumable-uploads.js'
import { arrivingBytes } from '../arriving.js'
import type { Env } from '../env.js'
import { BASE } from '../paths.js'
import { byUser, limitRate } from '../rate-limits.js'
import { bytesOf, createRoutes, header, noContent, problems } from '../route.js'
import { readMetadata, requireTus, TUS_BYTES, tellProgress } from '../tus.js'
import { ANNOUNCED_PROBLEMS } from '../upload-problems.js'

const PATH = '/uploads/resumable'
const OPEN = ['upload.not_found', 'upload.expired', 'upload.tus_version'] as const
const ARRIVING = [
  ...['upload.mismatch', 'upload.locked', 'upload.malformed', 'upload.stalled'],
  ...['upload.offset_conflict', 'upload.too_many_parts', 'upload.too_many'],
] as const
const PROGRESS = {
  'Tus-Resumable': header('1.0.0'),
  'Upload-Offset': header('Bytes that are here'),
  'Upload-Expires': header('When the upload ends, complete or not'),
}

const postResumable = createRoute({
  method: 'post',
  path: PATH,
  summary: 'Begin an upload that can be gone on with after a break (tus 1.0.0)',
  description: `Any tus client goes on from here; the last part of Location is the id of the upload, and of the attachment to be.
When all bytes are there, POST /uploads/{id}/complete makes the attachment.`,
  middleware: limitRate('upload', byUser),
  request: { headers: TusCreation, body: bytesOf(TUS_BYTES, false) },
  responses: {
    201: {
      description: 'It may begin; bytes that came along are counted in Upload-Offset',
      headers: { ...PROGRESS, Location: header('Where the bytes go, by PATCH') },
    },
    ...problems(...OPEN, ...ARRIVING, ...ANNOUNCED_PROBLEMS, 'rate_limited'),
  },
})

const getResumable = createRoute({
  method: 'get',
  path: `${PATH}/{id}`,
  summary: 'How far the upload is; tus asks with HEAD',
  request: { params: IdParam, headers: TusHeaders },
  responses: {
    200: {
      description: 'In the headers',
      headers: { ...PROGRESS, 'Upload-Length': header('Bytes of the whole file') },
    },
    ...problems(...OPEN),
  },
})

const patchResumable = createRoute({
  method: 'patch',
  path: `${PATH}/{id}`,
  summary: 'Go on with the upload',
  description: `What arrives is kept, also when the connection breaks: ask with HEAD how far it came, and go on from there.
When the last byte is there, POST /uploads/{id}/complete makes the attachment.`,
  request: { params: IdParam, headers: TusAppend, body: bytesOf(TUS_BYTES) },
  responses: {
    204: { description: 'All of the body is stored', headers: PROGRESS },
    ...problems(...OPEN, ...ARRIVING, 'request.unsupported_media_type'),
  },
})

const deleteResumable = createRoute({
  method: 'delete',
  path: `${PATH}/{id}`,
  summary: 'Give the upload up: its bytes go at once',
  request: { params: IdParam, headers: TusHeaders },
  responses: { ...noContent('It is gone'), ...problems(...OPEN) },
})

export function resumableUploadRoutes() {
  const routes = createRoutes()
  routes.openapi(postResumable, async (c) => {
    requireTus(c)
    const { db, media, actor, limits } = c.var
    const { 'Upload-Length': size, 'Upload-Metadata': metadata } = c.req.valid('header')
    const { filetype, ...said } = readMetadata(metadata)
    const announced = { ...said, size, metadata, mime_type: filetype || undefined }
    const first = hasBytes(c) ? arrivingBytes(c) : undefined
    const upload = await beginResumable(db, media, actor, announced, first, limits)
    tellProgress(c, upload)
    c.header('Location', `${BASE}${PATH}/${upload.id}`)
    return c.body(null, 201)
  })
  routes.openapi(getResumable, async (c) => {
    requireTus(c)
    const upload = await readProgress(c.var.db, c.var.actor, c.req.valid('param').id)
    tellProgress(c, upload)
    c.header('Upload-Length', String(upload.size))
    if (upload.metadata !== null) c.header('Upload-Metadata', upload.metadata)
    return c.body(null, 200)
  })
  routes.openapi(patchResumable, async (c) => {
    requireTus(c)
    if (!hasBytes(c)) throw new AppError('request.unsupported_media_type', { detail: `The body must be ${TUS_BYTES}` })
    const { db, media, actor } = c.var
    const stretch = { offset: c.req.valid('header')['Upload-Offset'], ...arrivingBytes(c) }
    tellProgress(c, await appendBytes(db, media, actor, c.req.valid('param').id, stretch))
    return c.body(null, 204)
  })
  routes.openapi(deleteResumable, async (c) => {
    requireTus(c)
    await abortUpload(c.var.db, c.var.media, c.var.actor, c.req.valid('param').id)
    return c.body(null, 204)
  })
  return routes
}

const hasBytes = (c: Context<Env>): boolean => c.req.header('content-type')?.toLowerCase() === TUS_BYTES
