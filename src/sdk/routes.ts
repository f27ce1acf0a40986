// Written by `npm run generate`, of the schemas of src/contract.
import type {
  AddExternal,
  AddMembers,
  AddedMembers,
  Attachment,
  AttachmentKind,
  Attachments,
  Avatar,
  Ban,
  BanMember,
  Bans,
  BegunDemo,
  Blocks,
  Conversation,
  ConversationPresence,
  ConversationSettings,
  ConversationType,
  Conversations,
  CreateConversation,
  Cursor,
  Demo,
  EditMessage,
  FoundPresence,
  FoundUsers,
  Id,
  Limit,
  LinkAttachments,
  Login,
  MarkUnread,
  Me,
  Member,
  Members,
  Membership,
  Message,
  MessageReceipts,
  Messages,
  MyStats,
  OwnPresence,
  ReadConversations,
  ReadOutcome,
  Receipts,
  Refresh,
  Register,
  ReportReceipts,
  ResumeToken,
  SendMessage,
  Sessions,
  SetAvatar,
  SetPresence,
  SetTyping,
  SignUpload,
  SignUrls,
  SignedIn,
  SignedUpload,
  SignedUrls,
  SyncAnswer,
  Ticket,
  TransferOwnership,
  Typists,
  UnreadCounts,
  UpdateConversation,
  UpdateExternal,
  UpdateMe,
  UpdateMember,
  UpdateMembership,
  UpdateSettings,
  User,
  VariantName,
  Verified,
} from './types.js'

/** Each route by its method and its path below /api/v1: what it takes, and what it answers. */
export interface Routes {
  /** Sign up, and be signed in */
  'POST /auth/register': {
    body: Register
    answer: SignedIn
  }
  /** Sign in with username or e-mail address */
  'POST /auth/login': {
    body: Login
    answer: SignedIn
  }
  /** Exchange the refresh token for new tokens; each works once */
  'POST /auth/refresh': {
    body: Refresh
    answer: SignedIn
  }
  /** End this session: its tokens and its sockets, at once */
  'POST /auth/logout': {
    answer: void
  }
  /** What the access token says, if it is valid */
  'GET /auth/verify': {
    answer: Verified
  }
  /** A ticket that opens one socket, once, so that no token stands in its address */
  'POST /auth/tickets': {
    answer: Ticket
  }
  /** Delete the account: everything personal and all files are taken away, what was written stays from a deleted account */
  'DELETE /users/me': {
    answer: void
  }
  /** My profile, with my e-mail address */
  'GET /users/me': {
    answer: Me
  }
  /** Change my profile; fields that are left out stay */
  'PATCH /users/me': {
    body: UpdateMe
    answer: Me
  }
  /** Where I am signed in, the most recently active first */
  'GET /sessions': {
    answer: Sessions
  }
  /** End all my sessions but this one */
  'DELETE /sessions': {
    answer: void
  }
  /** End one of my sessions: its tokens and its sockets, at once */
  'DELETE /sessions/{id}': {
    path: {
      id: Id
    }
    answer: void
  }
  /** What I have set, and when I was last seen */
  'GET /users/me/presence': {
    answer: OwnPresence
  }
  /** Be online (what I do decides), away, busy or invisible */
  'PUT /users/me/presence': {
    body: SetPresence
    answer: OwnPresence
  }
  /** Whether up to 100 people are here; whoever shares no conversation with me looks as if never here */
  'GET /users/presence': {
    query: {
      /** Up to 100 ids, separated by commas */
      ids: Id[]
    }
    answer: FoundPresence
  }
  /** How many members are here, and the first hundred of them */
  'GET /conversations/{id}/presence': {
    path: {
      id: Id
    }
    answer: ConversationPresence
  }
  /** Find people by part of a name (at most 20, closest first), or read up to 100 by id */
  'GET /users': {
    query?: {
      query?: string
      /** Up to 100 ids, separated by commas */
      ids?: Id[]
    }
    answer: FoundUsers
  }
  /** The public profile of a user */
  'GET /users/{id}': {
    path: {
      id: Id
    }
    answer: User
  }
  /** Whom I have blocked, the latest first */
  'GET /blocks': {
    query?: {
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: Blocks
  }
  /** Block somebody: no direct messages and no invitations either way; they are not told */
  'PUT /blocks/{user_id}': {
    path: {
      user_id: Id
    }
    answer: void
  }
  /** Take a block of mine back; one that the other has made stays */
  'DELETE /blocks/{user_id}': {
    path: {
      user_id: Id
    }
    answer: void
  }
  /** Open a direct conversation or create a group */
  'POST /conversations': {
    body: CreateConversation
    answer: Conversation
  }
  /** My conversations: pinned ones, then the most recently active; archived ones only when asked for */
  'GET /conversations': {
    query?: {
      type?: ConversationType
      archived?: 'exclude' | 'include' | 'only'
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: Conversations
  }
  /** One of my conversations */
  'GET /conversations/{id}': {
    path: {
      id: Id
    }
    answer: Conversation
  }
  /** Change a group; fields that are left out stay, metadata is merged */
  'PATCH /conversations/{id}': {
    path: {
      id: Id
    }
    body: UpdateConversation
    answer: Conversation
  }
  /** Delete a group for all its members */
  'DELETE /conversations/{id}': {
    path: {
      id: Id
    }
    answer: void
  }
  /** Who is in a conversation of mine */
  'GET /conversations/{id}/members': {
    path: {
      id: Id
    }
    query?: {
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: Members
  }
  /** Add people to a group */
  'POST /conversations/{id}/members': {
    path: {
      id: Id
    }
    body: AddMembers
    answer: AddedMembers
  }
  /** Give somebody another role, or somebody or myself another name here */
  'PATCH /conversations/{id}/members/{user_id}': {
    path: {
      id: Id
      user_id: Id
    }
    body: UpdateMember
    answer: Member
  }
  /** Remove somebody from a group; they hear nothing of it from that moment on */
  'DELETE /conversations/{id}/members/{user_id}': {
    path: {
      id: Id
      user_id: Id
    }
    answer: void
  }
  /** Hand a group over to another member; I stay as an admin */
  'POST /conversations/{id}/transfer': {
    path: {
      id: Id
    }
    body: TransferOwnership
    answer: void
  }
  /** Leave a group */
  'POST /conversations/{id}/leave': {
    path: {
      id: Id
    }
    answer: void
  }
  /** How I want to have a conversation: pinned, archived, muted, its alias and notifications; mine alone */
  'PATCH /conversations/{id}/me': {
    path: {
      id: Id
    }
    body: UpdateMembership
    answer: Membership
  }
  /** Who is banned from a group, for its moderators */
  'GET /conversations/{id}/bans': {
    path: {
      id: Id
    }
    query?: {
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: Bans
  }
  /** Ban somebody from a group, for good or until a time; a member is removed by it */
  'PUT /conversations/{id}/bans/{user_id}': {
    path: {
      id: Id
      user_id: Id
    }
    body: BanMember
    answer: Ban
  }
  /** End a ban; they may be added again */
  'DELETE /conversations/{id}/bans/{user_id}': {
    path: {
      id: Id
      user_id: Id
    }
    answer: void
  }
  /** Send a message; the answer comes once it is durable */
  'POST /conversations/{id}/messages': {
    path: {
      id: Id
    }
    body: SendMessage
    answer: Message
  }
  /** The history, in ascending order of number: the newest, or before, after or around one */
  'GET /conversations/{id}/messages': {
    path: {
      id: Id
    }
    query?: {
      before?: number
      after?: number
      around?: number
      /** 50 without it */
      limit?: Limit
    }
    answer: Messages
  }
  /** One message */
  'GET /messages/{id}': {
    path: {
      id: Id
    }
    answer: Message
  }
  /** Edit my text, for a while after I have sent it */
  'PATCH /messages/{id}': {
    path: {
      id: Id
    }
    body: EditMessage
    answer: Message
  }
  /** Delete for everyone: mine for a while, any as a moderator; the message keeps its place */
  'DELETE /messages/{id}': {
    path: {
      id: Id
    }
    query?: {
      reason?: string
    }
    answer: Message
  }
  /** Delete for me alone */
  'PUT /messages/{id}/hidden': {
    path: {
      id: Id
    }
    answer: void
  }
  /** Show me again what I had deleted for me alone */
  'DELETE /messages/{id}/hidden': {
    path: {
      id: Id
    }
    answer: void
  }
  /** Upload one file; it is mine until a message of mine has it, and goes after a day without one */
  'POST /uploads': {
    query?: {
      /** Where it is meant to go: the limits of that conversation hold at once */
      conversation_id?: Id
      /** An audio file that is a voice message */
      voice?: boolean
      /** Keep what a camera wrote into an image, its place included */
      keep_metadata?: boolean
      /** Of what is sent, in hexadecimal; checked when given */
      sha256?: string
    }
    body: FormData
    answer: Attachment
  }
  /** Upload files with their caption, as one message */
  'POST /conversations/{id}/attachments': {
    path: {
      id: Id
    }
    query?: {
      /** An audio file that is a voice message */
      voice?: boolean
      /** Keep what a camera wrote into an image, its place included */
      keep_metadata?: boolean
    }
    body: FormData
    answer: Message
  }
  /** The files of a conversation, also of one kind alone, those of the newest message first */
  'GET /conversations/{id}/attachments': {
    path: {
      id: Id
    }
    query?: {
      kind?: AttachmentKind
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: Attachments
  }
  /** Make an attachment of a signed or resumable upload whose bytes are all there */
  'POST /uploads/{id}/complete': {
    path: {
      id: Id
    }
    answer: Attachment
  }
  /** An address to put one file to, for five minutes; then complete the upload */
  'POST /uploads/sign': {
    body: SignUpload
    answer: SignedUpload
  }
  /** The bytes of a signed upload, as many and of the type as announced */
  'PUT /uploads/{id}/content': {
    path: {
      id: Id
    }
    query?: {
      /** From POST /uploads/sign; the address has it */
      signature?: string
    }
    body: Blob
    answer: void
  }
  /** The bytes of a file or of one of its previews, also in part (Range); they never change */
  'GET /attachments/{id}': {
    path: {
      id: Id
    }
    query?: {
      /** Without it the original; with the header Save-Data: on, the preview of an image */
      variant?: VariantName | 'original'
      /** From POST /attachments/urls */
      signature?: string
    }
    answer: Response
  }
  /** Remove one file, of a message too: mine for a while, any as a moderator; the message stays */
  'DELETE /attachments/{id}': {
    path: {
      id: Id
    }
    answer: void
  }
  /** Say how far the service has come that keeps my file; its readers hear it */
  'PATCH /attachments/{id}': {
    path: {
      id: Id
    }
    body: UpdateExternal
    answer: Attachment
  }
  /** What is known of a file, also before a message has it */
  'GET /attachments/{id}/info': {
    path: {
      id: Id
    }
    answer: Attachment
  }
  /** Addresses for what cannot send a token, such as <img>; they end soon */
  'POST /attachments/urls': {
    body: SignUrls
    answer: SignedUrls
  }
  /** Add files to my message that has some, as long as I may edit it; its type stays */
  'POST /messages/{id}/attachments': {
    path: {
      id: Id
    }
    body: LinkAttachments
    answer: Message
  }
  /** Name a file that another media service keeps; it is linked to a message as an upload is */
  'POST /attachments/external': {
    body: AddExternal
    answer: Attachment
  }
  /** Choose my picture: a file, or one that I have uploaded before, which is used up by it */
  'PUT /users/me/avatar': {
    body: SetAvatar | FormData
    answer: Avatar
  }
  /** Go back to the picture that is drawn from my id */
  'DELETE /users/me/avatar': {
    answer: void
  }
  /** Choose the picture of a group: a file, or one that I have uploaded before, which is used up by it */
  'PUT /conversations/{id}/avatar': {
    path: {
      id: Id
    }
    body: SetAvatar | FormData
    answer: Avatar
  }
  /** Take the picture of a group away */
  'DELETE /conversations/{id}/avatar': {
    path: {
      id: Id
    }
    answer: void
  }
  /** A picture of a user or a group, for everyone, until another one is chosen */
  'GET /avatars/{id}': {
    path: {
      id: Id
    }
    answer: Response
  }
  /** The picture that is drawn from an id, whether anything has that id or not */
  'GET /avatars/default/{id}': {
    path: {
      id: Id
    }
    answer: Response
  }
  /** What may be sent in one of my conversations */
  'GET /conversations/{id}/settings': {
    path: {
      id: Id
    }
    answer: ConversationSettings
  }
  /** Change what may be sent in a group from now on; fields that are left out stay */
  'PATCH /conversations/{id}/settings': {
    path: {
      id: Id
    }
    body: UpdateSettings
    answer: ConversationSettings
  }
  /** I have read, or my device has received, everything up to a number */
  'PUT /conversations/{id}/receipts': {
    path: {
      id: Id
    }
    body: ReportReceipts
    answer: Membership
  }
  /** How far each member has read and received, myself included */
  'GET /conversations/{id}/receipts': {
    path: {
      id: Id
    }
    query?: {
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: Receipts
  }
  /** Mark as unread from a message on, for me alone; the next read ends it */
  'PUT /conversations/{id}/unread': {
    path: {
      id: Id
    }
    body: MarkUnread
    answer: Membership
  }
  /** I have read everything, in all my conversations or in these */
  'POST /conversations/read': {
    body: ReadConversations
    answer: ReadOutcome
  }
  /** Who received a message and who read it, when; without those whom I have blocked or who have blocked me */
  'GET /messages/{id}/receipts': {
    path: {
      id: Id
    }
    query?: {
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: MessageReceipts
  }
  /** How much is unread in which of my conversations, and in all of them */
  'GET /unread': {
    query?: {
      /** 50 without it */
      limit?: Limit
      /** Opaque: the next_cursor of the page before */
      cursor?: Cursor
    }
    answer: UnreadCounts
  }
  /** How much I have sent and received, and how soon it reaches the others */
  'GET /users/me/stats': {
    answer: MyStats
  }
  /** Tell the others that I type, or no longer; it ends by itself after 10 s and with my message */
  'POST /conversations/{id}/typing': {
    path: {
      id: Id
    }
    body: SetTyping
    answer: void
  }
  /** Who types in a conversation of mine */
  'GET /conversations/{id}/typing': {
    path: {
      id: Id
    }
    answer: Typists
  }
  /** Everything to begin with, or what came since a token: all that a client needs that cannot keep a socket open */
  'GET /sync': {
    query?: {
      /** The token of the last answer or checkpoint; without it everything is loaded */
      since?: ResumeToken
    }
    answer: SyncAnswer
  }
  /** Whether two people talk to me for a demonstration; only with NODE_ENV=development */
  'GET /demo': {
    answer: Demo
  }
  /** Have two people talk to me, in a group of their own; only with NODE_ENV=development */
  'POST /demo': {
    answer: BegunDemo
  }
  /** This document: what can be asked over REST */
  'GET /openapi.json': {
    answer: Record<string, unknown>
  }
  /** What is said over the WebSocket */
  'GET /asyncapi.json': {
    answer: Record<string, unknown>
  }
}

/** Those that need no access token. */
export type OpenRoute =
  | 'POST /auth/register'
  | 'POST /auth/login'
  | 'POST /auth/refresh'
  | 'GET /avatars/{id}'
  | 'GET /avatars/default/{id}'
  | 'GET /openapi.json'
  | 'GET /asyncapi.json'
