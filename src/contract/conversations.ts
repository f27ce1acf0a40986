import { z } from 'zod'
import { AvatarUrl } from './avatars.js'
import { Cursor, Id, Limit, Metadata, Name, page, Time } from './fields.js'
import { HARD } from './limits.js'
import { Membership } from './memberships.js'
import { Message } from './messages.js'
import { ConversationSettings } from './settings.js'
import { User } from './users.js'

export const ConversationType = z.enum(['direct', 'group'])

const GroupName = Name(HARD.conversation_name)
const Description = Name(HARD.conversation_description)

export const CreateConversation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('direct'), user_ids: z.array(Id).length(1) }),
  z.strictObject({
    type: z.literal('group'),
    user_ids: z.array(Id).min(1).max(HARD.ids),
    name: GroupName,
    description: Description.optional(),
    is_public: z.boolean().default(false),
    metadata: Metadata.default({}),
  }),
])
export type CreateConversation = z.infer<typeof CreateConversation>

/** `metadata` is merged key by key; a key with null is taken away (RFC 7396, first level). */
export const UpdateConversation = z
  .strictObject({ name: GroupName, description: Description.nullable(), is_public: z.boolean(), metadata: Metadata })
  .partial()
export type UpdateConversation = z.infer<typeof UpdateConversation>

/** A conversation's own fields, the same for every reader. */
export const ConversationCore = z.object({
  id: Id,
  type: ConversationType,
  name: z.string().nullable(),
  description: z.string().nullable(),
  avatar_url: AvatarUrl,
  is_public: z.boolean(),
  settings: ConversationSettings,
  metadata: z.record(z.string(), z.unknown()),
  created_by: Id.nullable(),
  created_at: Time,
  member_count: z.number().int(),
})

/** A conversation as one of its members sees it. */
export const Conversation = ConversationCore.extend({
  last_activity_at: Time,
  seq: z.number().int().describe('Where its event stream stands'),
  message_number: z.number().int(),
  last_message: Message.nullable(),
  peer: User.nullable().describe('The other one of a direct conversation'),
  me: Membership,
})
export type Conversation = z.infer<typeof Conversation>

export const ListConversations = z.strictObject({
  type: ConversationType.optional(),
  archived: z.enum(['exclude', 'include', 'only']).default('exclude'),
  limit: Limit,
  cursor: Cursor.optional(),
})
export type ListConversations = z.infer<typeof ListConversations>
export const Conversations = page(Conversation)
