import { z } from 'zod'
import { Text } from './fields.js'
import { HARD } from './limits.js'
import { Session } from './sessions.js'
import { DisplayName, Email, Me, Username } from './users.js'

/** OWASP ASVS 2.1: at least 8 characters, any of them, and no silent truncation. */
export const Password = Text.min(HARD.password_min).max(HARD.password)

export const Register = z
  .strictObject({ username: Username, email: Email, password: Password, display_name: DisplayName })
  .meta({
    examples: [{ username: 'carol', email: 'carol@example.com', password: 'correct horse', display_name: 'Carol' }],
  })
export type Register = z.infer<typeof Register>

export const Login = z.strictObject({
  login: Text.min(1).max(HARD.email).describe('Username or e-mail address'),
  password: Text.min(1).max(HARD.password),
})
export type Login = z.infer<typeof Login>

export const Refresh = z.strictObject({ refresh_token: z.string().min(1).max(200) })
export type Refresh = z.infer<typeof Refresh>

export const Tokens = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int().describe('Seconds'),
  refresh_token: z.string().describe('Replaced by each use; using an old one ends the session'),
})
export const SignedIn = Tokens.extend({ user: Me, session: Session })
export type SignedIn = z.infer<typeof SignedIn>

/** Opens one socket, once: unlike a token, it may stand in an address that somebody logs. */
export const Ticket = z.object({
  ticket: z.string().describe('For `/ws?ticket=`'),
  expires_in: z.number().int().describe('Seconds'),
})
export type Ticket = z.infer<typeof Ticket>

/** What a valid access token says. */
export const Verified = z.object({ user_id: z.string(), session_id: z.string(), expires_at: z.string() })
