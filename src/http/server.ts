// The REST side, put together: what every request passes, then the routes by noun.
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import { requestId } from 'hono/request-id'
import type { Env, Services } from './env.js'
import { answerError } from './errors.js'
import { findAddress, neverStore, provide, readableBody, report, requireActor } from './middleware.js'
import { buildOpenApi, type OpenApi } from './openapi.js'
import { BASE, isOpen } from './paths.js'
import { accountRoutes } from './routes/accounts.js'
import { attachmentRoutes } from './routes/attachments.js'
import { avatarRoutes } from './routes/avatars.js'
import { banRoutes } from './routes/bans.js'
import { blockRoutes } from './routes/blocks.js'
import { conversationRoutes } from './routes/conversations.js'
import { demoRoutes } from './routes/demo.js'
import { documentRoutes, pageRoutes } from './routes/documents.js'
import { externalMediaRoutes } from './routes/external-media.js'
import { memberRoutes } from './routes/members.js'
import { membershipRoutes } from './routes/memberships.js'
import { messageRoutes } from './routes/messages.js'
import { operationsRoutes } from './routes/operations.js'
import { presenceRoutes } from './routes/presence.js'
import { receiptRoutes } from './routes/receipts.js'
import { resumableUploadRoutes } from './routes/resumable-uploads.js'
import { sessionRoutes } from './routes/sessions.js'
import { settingsRoutes } from './routes/settings.js'
import { signedUploadRoutes } from './routes/signed-uploads.js'
import { syncRoutes } from './routes/sync.js'
import { typingRoutes } from './routes/typing.js'
import { uploadRoutes } from './routes/uploads.js'
import { userRoutes } from './routes/users.js'
import { answerUnknown, webRoutes } from './routes/web.js'
import { answerOrigins, setSecureHeaders } from './standard-headers.js'
import { trace } from './tracing.js'
import { speakTus } from './tus.js'
import { WebApp } from './web-app.js'

/** Where `npm run build` puts it; the same from src/ and from dist/. */
const WEB_FOLDER = join(import.meta.dirname, '../../dist/web')

export function createHttp(
  services: Services,
  options: { corsOrigins: string[]; trustedProxies: string[]; webFolder?: string; webMayChange?: boolean },
): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>()
  const web = new WebApp(options.webFolder ?? WEB_FOLDER, options.webMayChange ?? false)
  app.onError(answerError)
  app.notFound(answerUnknown(web))
  app.use(provide(services), requestId({ limitLength: 64 }), trace(), report(), setSecureHeaders())
  app.use(`${BASE}/uploads/resumable/*`, speakTus())
  app.use(answerOrigins(options.corsOrigins))
  app.use(`${BASE}/*`, neverStore(), findAddress(options.trustedProxies), requireActor(), readableBody())
  app.route('/', operationsRoutes())
  app.route('/', pageRoutes())
  app.route('/', webRoutes(web))
  for (const routes of [
    accountRoutes(),
    sessionRoutes(),
    // Before users: /users/presence is not a user's id.
    presenceRoutes(),
    userRoutes(),
    blockRoutes(),
    conversationRoutes(),
    memberRoutes(),
    membershipRoutes(),
    banRoutes(),
    messageRoutes(),
    uploadRoutes(),
    signedUploadRoutes(),
    resumableUploadRoutes(),
    attachmentRoutes(),
    externalMediaRoutes(),
    avatarRoutes(),
    settingsRoutes(),
    receiptRoutes(),
    typingRoutes(),
    syncRoutes(),
    demoRoutes(),
    documentRoutes(() => openApiOf(app)),
  ]) {
    app.route(BASE, routes)
  }
  return app
}

export function openApiOf(app: OpenAPIHono<Env>): OpenApi {
  return buildOpenApi(app.openAPIRegistry.definitions, isOpen)
}
