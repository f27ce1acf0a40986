import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { Login, Register, SignedIn } from '../contract/accounts.js'
import { AppError } from '../contract/errors.js'
import type { Db, Tx } from '../db/database.js'
import { enqueue } from '../db/enqueue.js'
import { discardAvatarOf } from './avatars.js'
import { removeOwnBlocks } from './blocks.js'
import { leaveAllConversations } from './members.js'
import { forgetReceipts } from './receipts.js'
import { type Auth, type Device, endSessions, type Opened, openSession } from './sessions.js'

/** @throws AppError account.username_taken, account.email_taken */
export async function register(db: Db, auth: Auth, input: Register, device: Device): Promise<SignedIn> {
  const { password, ...profile } = input
  const password_hash = await auth.passwords.hash(password)
  return signIn(db, auth, null, async (tx) => {
    const user = await tx
      .insertInto('users')
      .values({ ...profile, password_hash })
      .returning('id')
      .executeTakeFirstOrThrow()
    return openSession(tx, auth, user.id, device)
  })
}

/** Counts the attempts on one account; `count` refuses when there were too many. */
export type Attempts = { count(account: string): Promise<void>; forget(account: string): Promise<void> }

/**
 * The same answer, after the same time, for a wrong password and for an unknown account.
 * @throws AppError auth.invalid_credentials, rate_limited
 */
export async function login(db: Db, auth: Auth, input: Login, device: Device, attempts: Attempts): Promise<SignedIn> {
  // An address has an @ and a username cannot, so one look-up is enough. Lowered here and not by PostgreSQL, which knows
  // other letters: what is looked up is what is counted. By name and by address apart, or the limit of one would tell
  // whose the other is.
  const name = input.login.toLowerCase()
  const column = name.includes('@') ? 'email' : 'username'
  const user = await db.query
    .selectFrom('users')
    .select(['id', 'password_hash'])
    .where((eb) => eb(eb.fn<string>('lower', [column]), '=', name))
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  // Before the password is looked at, so that attempts in parallel do not slip through; a success is given back.
  await attempts.count(name)
  const matches = await auth.passwords.verify(user?.password_hash, input.password)
  if (!user?.password_hash || !matches) throw new AppError('auth.invalid_credentials')
  await attempts.forget(name)

  if (auth.passwords.isOutdated(user.password_hash)) {
    const password_hash = await auth.passwords.hash(input.password)
    const { id, password_hash: former } = user
    // Not over a password that was changed meanwhile.
    await db.write(null, (tx) =>
      tx.updateTable('users').set({ password_hash }).where('id', '=', id).where('password_hash', '=', former).execute(),
    )
  }
  return signIn(db, auth, user.id, (tx) => openSession(tx, auth, user.id, device))
}

async function signIn(
  db: Db,
  auth: Auth,
  actorId: string | null,
  work: (tx: Tx) => Promise<Opened>,
): Promise<SignedIn> {
  const { signedIn, ended } = await db.write(actorId, work)
  for (const id of ended) auth.ended.add(id)
  return signedIn
}

/**
 * Ends the account: its sessions, memberships and everything personal. What it wrote stays, from a deleted account, without
 * the files that it uploaded: those are removed soon after. The groups that it owned pass to their longest member.
 */
export async function deleteAccount(db: Db, auth: Auth, actor: Actor): Promise<void> {
  const ended = await db.write(actor.user_id, async (tx) => {
    // Before anything else: nobody adds them to a conversation from here on.
    await tx.selectFrom('users').select('id').where('id', '=', actor.user_id).forUpdate().execute()
    await leaveAllConversations(tx, actor)
    await forgetReceipts(tx, actor.user_id)
    const open = await tx
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', actor.user_id)
      .where('ended_at', 'is', null)
      .execute()
    const ended = await endSessions(
      tx,
      open.map((row) => row.id),
      'account_deleted',
    )
    await removeOwnBlocks(tx, actor)
    await anonymise(tx, actor.user_id)
    await enqueue(tx, 'remove_files_of_account', { user_id: actor.user_id })
    return ended
  })
  for (const id of ended) auth.ended.add(id)
}

async function anonymise(tx: Tx, userId: string): Promise<void> {
  await discardAvatarOf(tx, 'users', userId)
  await tx
    .updateTable('users')
    .set({
      username: sql`'deleted-' || replace(id::text, '-', '')`,
      email: null,
      password_hash: null,
      display_name: null,
      bio: '',
      status_text: '',
      avatar_id: null,
      deleted_at: sql`now()`,
    })
    .where('id', '=', userId)
    .execute()
  await tx.deleteFrom('presence').where('user_id', '=', userId).execute()
  await tx.updateTable('sessions').set({ ip: '', user_agent: '' }).where('user_id', '=', userId).execute()
}
