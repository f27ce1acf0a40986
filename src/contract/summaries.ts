// What each event and each signal means, for the documents.
import type { EventType } from './events.js'
import type { SignalType } from './signals.js'

export const SUMMARIES: Record<EventType | SignalType, string> = {
  'conversation.created': 'The first event of a stream; nobody is a member yet',
  'conversation.updated': 'Its name, description, picture, visibility, settings or metadata has changed',
  'conversation.deleted': 'It is gone for all its members',
  'member.added': 'Somebody has become a member; they hear the stream from the next event on',
  'member.updated': 'The role or the nickname of a member has changed',
  'member.removed': 'Somebody has left or was removed; they hear nothing from here on',
  'member.banned': 'Somebody may not come back, for good or until a time; told again when the ban is changed',
  'member.unbanned': 'They may be added again',
  'message.created': 'A message; if it is mine, I have read up to it',
  'message.edited': 'The message as it is now; messages that quote it have another excerpt',
  'message.deleted': 'The message without its content; it keeps its number',
  'attachment.ready':
    'The message whose attachment has its previews, or turned out to have none, or has come further at the service that keeps it',
  'attachment.removed': 'The message, one of whose attachments is gone for everyone',
  'conversation.joined':
    'I am a member now. Events of its stream that came before this one are in `conversation` already: drop them, and apply what is newer than its `seq`',
  'conversation.left': 'I am no member any more',
  'membership.updated': 'What a conversation is to me has changed, on another of my devices or on this one',
  'block.added': 'I have blocked somebody; they are not told',
  'block.removed': 'I have blocked them no longer',
  'message.hidden': 'I have deleted a message for me alone, or want to see it again',
  'user.updated': 'My own profile has changed',
  'session.revoked': 'One of my sessions has ended; its sockets are closed',
  'typing.started': 'Somebody types; it ends with typing.stopped, with their message, or 13 s after it was heard last',
  'typing.stopped': 'They type no longer',
  'receipt.updated':
    'Somebody has read or received more, in a conversation of at most 100 members; keep the larger number. My own devices hear membership.updated instead',
  'presence.changed': 'Somebody on the list of presence.watch looks different; at most each 2 s for each',
  'profile.changed': 'Somebody who shares a conversation with me has another profile: read it with GET /users?ids=',
}
