// The SDK where it will mostly run: in a page of another origin than the server's.
import { expect } from 'vitest'
import type * as Sdk from '../../src/sdk/client.js'
import { openBrowser, testInBrowser } from '../support/browser.js'
import { PASSWORD, startWorld } from '../support/world.js'

type SdkWindow = typeof Sdk & { server: string }

testInBrowser('a page of an allowed origin signs up, asks, uploads a Blob, and reads it back', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: browser.origin })
  const bob = await world.person('bob')
  const page = await browser.openPage(world)
  const told = await page.evaluate(
    async ({ password, bob }) => {
      const { createCall, server } = window as unknown as SdkWindow
      let token: string | undefined
      const call = createCall({ url: server, token: async () => token })
      const signedIn = await call('POST /auth/register', {
        body: { username: 'alice', email: 'alice@example.com', password, display_name: 'Alice' },
      })
      token = signedIn.access_token
      const group = await call('POST /conversations', { body: { type: 'group', name: 'Climbing', user_ids: [bob] } })
      const form = new FormData()
      form.append('file', new Blob(['hello from a page'], { type: 'text/plain' }), 'hello.txt')
      const attachment = await call('POST /uploads', { body: form })
      const message = await call('POST /conversations/{id}/messages', {
        path: { id: group.id },
        body: { content: 'look', attachment_ids: [attachment.id] },
      })
      const { data } = await call('GET /users', { query: { ids: [bob, signedIn.user.id] } })
      const file = await call('GET /attachments/{id}', { path: { id: attachment.id } })
      // PATCH and DELETE are what a browser asks leave for first.
      const me = await call('PATCH /users/me', { body: { status_text: 'climbing' } })
      const nothing = await call('DELETE /sessions')
      return { number: message.number, found: data.length, text: await file.text(), status: me.status_text, nothing }
    },
    { password: PASSWORD, bob: bob.id },
  )
  expect(told).toEqual({ number: 2, found: 2, text: 'hello from a page', status: 'climbing', nothing: undefined })
  expect(browser.errors).toEqual([])
})

testInBrowser(
  'in a page a refusal is an EarshotError with all that the server said, its headers included',
  async () => {
    await using browser = await openBrowser()
    await using world = await startWorld({ CORS_ORIGINS: browser.origin, RATE_LIMIT_LOGIN: '1/1m' })
    const page = await browser.openPage(world)
    const login = () =>
      page.evaluate(async () => {
        const { createCall, EarshotError, server } = window as unknown as SdkWindow
        const call = createCall({ url: server })
        return call('POST /auth/login', { body: { login: 'nobody', password: 'x' } }).catch((error: unknown) =>
          error instanceof EarshotError ? { ...error } : String(error),
        )
      })
    expect(await login()).toMatchObject({ status: 401, code: 'auth.invalid_credentials' })
    expect(await login()).toMatchObject({ status: 429, code: 'rate_limited', retry_after_s: expect.any(Number) })
  },
)

testInBrowser('a page of an origin that is not allowed is told only that there is no answer', async () => {
  await using browser = await openBrowser()
  await using world = await startWorld({ CORS_ORIGINS: 'https://elsewhere.example' })
  const page = await browser.openPage(world)
  const code = await page.evaluate(async () => {
    const { createCall, EarshotError, server } = window as unknown as SdkWindow
    return createCall({ url: server })('GET /users/me').catch((error) => error instanceof EarshotError && error.code)
  })
  expect(code).toBe('network')
})
