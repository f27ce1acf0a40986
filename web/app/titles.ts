// What things are called.
import type { Attachment, Conversation, Message, Unsent } from '../../src/sdk/client.js'
import { listOf } from './format.js'
import { t } from './language.js'
import { bare, isolated } from './names.js'
import { type Person, peerOf, person } from './people.js'

export function nameOf(somebody: Person | undefined): string {
  if (!somebody) return t().message.somebody
  if (somebody.deleted) return t().message.gone
  return bare(somebody.display_name) ?? somebody.username
}

/** Of a file. */
export const fileNameOf = ({ filename }: Pick<Attachment, 'filename'>): string =>
  bare(filename) ?? t().message.kinds.file

export function titleOf(conversation: Conversation): string {
  const { me, type, name } = conversation
  return bare(me.alias) ?? (type === 'direct' ? nameOf(peerOf(conversation)) : (bare(name) ?? t().list.unnamed))
}

/** One line that says what a message is. */
export function gist(message: Message | Unsent): string {
  if ('system' in message && message.system) return systemText(message)
  if ('deleted_at' in message && message.deleted_at !== null) return t().message.deleted
  if (message.content) return message.content
  const kind = 'attachments' in message ? message.attachments[0]?.kind : undefined
  return t().message.kinds[kind ?? 'file']
}

/** More than fits into a line; of a long text the rest would be laid out for nothing, for each conversation of the list. */
const PREVIEW_LENGTH = 200

/** Below the title of a conversation: who said what last. They are apart, for each may be written in another direction. */
export function preview(
  { last_message: last, type }: Conversation,
  myId: string | undefined,
): { who: string; what: string } {
  if (!last) return { who: '', what: t().list.none }
  const what = gist(last).slice(0, PREVIEW_LENGTH)
  if (last.sender_id === null) return { who: '', what }
  if (last.sender_id === myId) return { who: t().list.you(''), what }
  return { who: type === 'direct' ? '' : t().list.from(isolated(nameOf(person(last.sender_id))), ''), what }
}

export function systemText({ system }: Pick<Message, 'system'>): string {
  const say = t().system
  if (!system) return say.other
  const { kind, params } = system
  const called = (id: unknown) => isolated(typeof id === 'string' ? nameOf(person(id)) : t().message.somebody)
  const text = (value: unknown) => (typeof value === 'string' ? isolated(bare(value) ?? '') : '')
  const [actor, user] = [called(params.actor_id), called(params.user_id)]
  switch (kind) {
    case 'created':
    case 'renamed':
      return say[kind](actor, text(params.name))
    case 'added': {
      const ids = Array.isArray(params.user_ids) ? params.user_ids : []
      return say.added(actor, listOf(ids.map(called)))
    }
    case 'visibility_changed':
      return say.visibility_changed(actor, params.is_public === true)
    case 'left':
      return say.left(user)
    case 'role_changed': {
      const role = String(params.role)
      return say.role_changed(actor, user, (t().roles as Record<string, string>)[role] ?? role)
    }
    case 'nickname_changed':
      return say.nickname_changed(actor, user, typeof params.nickname === 'string' ? text(params.nickname) : null)
    case 'removed':
    case 'ownership_transferred':
    case 'banned':
    case 'unbanned':
      return say[kind](actor, user)
    case 'described':
    case 'photo_changed':
    case 'photo_removed':
    case 'settings_changed':
    case 'message_deleted':
      return say[kind](actor)
    // A newer server may say more.
    default:
      return say.other
  }
}
