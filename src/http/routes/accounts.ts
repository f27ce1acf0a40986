import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { Login, Refresh, Register, SignedIn, Ticket, Verified } from '../../contract/accounts.js'
import { deleteAccount, login, register } from '../../domain/accounts.js'
import { type Device, endSession, refreshSession } from '../../domain/sessions.js'
import { createTicket } from '../../domain/tickets.js'
import type { Env } from '../env.js'
import { byAddress, byUser, limitRate } from '../rate-limits.js'
import { body, createRoutes, json, noContent, problems } from '../route.js'

const postRegister = createRoute({
  method: 'post',
  path: '/auth/register',
  summary: 'Sign up, and be signed in',
  middleware: limitRate('register', byAddress),
  request: { body: body(Register) },
  responses: {
    201: json(SignedIn, 'The new account, its first session and its tokens'),
    ...problems('account.username_taken', 'account.email_taken', 'rate_limited', 'request.invalid'),
  },
})

const postLogin = createRoute({
  method: 'post',
  path: '/auth/login',
  summary: 'Sign in with username or e-mail address',
  middleware: limitRate('login', byAddress),
  request: { body: body(Login) },
  responses: {
    200: json(SignedIn, 'A new session and its tokens'),
    ...problems('auth.invalid_credentials', 'rate_limited', 'request.invalid'),
  },
})

const postRefresh = createRoute({
  method: 'post',
  path: '/auth/refresh',
  summary: 'Exchange the refresh token for new tokens; each works once',
  request: { body: body(Refresh) },
  responses: {
    200: json(SignedIn, 'The same session with new tokens'),
    ...problems('auth.refresh_token_invalid', 'auth.refresh_token_reused', 'request.invalid'),
  },
})

const postLogout = createRoute({
  method: 'post',
  path: '/auth/logout',
  summary: 'End this session: its tokens and its sockets, at once',
  responses: noContent('Signed out'),
})

const getVerify = createRoute({
  method: 'get',
  path: '/auth/verify',
  summary: 'What the access token says, if it is valid',
  responses: {
    200: json(Verified, 'It is valid'),
    ...problems('auth.token_invalid', 'auth.token_expired', 'auth.session_ended'),
  },
})

const postTicket = createRoute({
  method: 'post',
  path: '/auth/tickets',
  summary: 'A ticket that opens one socket, once, so that no token stands in its address',
  middleware: limitRate('ticket', byUser),
  responses: {
    201: json(Ticket, 'Connect with it at once; the socket lasts as long as the access token of this request'),
    ...problems('rate_limited'),
  },
})

const deleteMe = createRoute({
  method: 'delete',
  path: '/users/me',
  summary:
    'Delete the account: everything personal and all files are taken away, what was written stays from a deleted account',
  responses: noContent('Deleted, and signed out everywhere'),
})

export function accountRoutes() {
  const routes = createRoutes()
  routes.openapi(postRegister, async (c) =>
    c.json(await register(c.var.db, c.var.auth, c.req.valid('json'), deviceOf(c)), 201),
  )
  routes.openapi(postLogin, async (c) =>
    c.json(
      await login(c.var.db, c.var.auth, c.req.valid('json'), deviceOf(c), c.var.rates.attempts('login_account')),
      200,
    ),
  )
  routes.openapi(postRefresh, async (c) =>
    c.json(await refreshSession(c.var.db, c.var.auth, c.req.valid('json').refresh_token), 200),
  )
  routes.openapi(postLogout, async (c) => {
    await endSession(c.var.db, c.var.auth, c.var.actor, c.var.actor.session_id)
    return c.body(null, 204)
  })
  routes.openapi(getVerify, (c) => {
    const { user_id, session_id, expires_at } = c.var.actor
    return c.json({ user_id, session_id, expires_at: expires_at.toISOString() }, 200)
  })
  routes.openapi(postTicket, async (c) => c.json(await createTicket(c.var.db, c.var.actor, c.var.auth.ticketTtlS), 201))
  routes.openapi(deleteMe, async (c) => {
    await deleteAccount(c.var.db, c.var.auth, c.var.actor)
    return c.body(null, 204)
  })
  return routes
}

function deviceOf(c: Context<Env>): Device {
  return { ip: c.var.address, user_agent: c.req.header('user-agent') ?? '' }
}
