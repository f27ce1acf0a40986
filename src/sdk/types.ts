// Written by `npm run generate`, of the schemas of src/contract.

export interface AddExternal {
  /** What that service calls it */
  media_id: string
  kind: AttachmentKind
  mime_type: MimeType
  filename: Filename
  /** Bytes */
  size: FileSize
  upload_status: UploadStatus
}

export interface AddMembers {
  user_ids: Id[]
}

export interface AddedMembers {
  /** Those who were not members before */
  data: Member[]
}

export interface Attachment {
  id: Id
  /** Who uploaded it */
  user_id: Id
  /** null until a message has it */
  conversation_id: Id | null
  message_id: Id | null
  kind: AttachmentKind
  /** Found in the bytes */
  mime_type: string
  filename: string
  /** Bytes */
  size: number
  /** Of what is kept, in hexadecimal: an image is made anew */
  sha256: string | null
  /** processing: previews are being made; failed: there are none; external: kept by another service */
  state: 'processing' | 'ready' | 'failed' | 'removed' | 'external'
  /** Pixels, as shown */
  width: number | null
  height: number | null
  duration_ms: number | null
  is_animated: boolean
  /** A blur of the picture in a few characters (blurha.sh) */
  blurhash: string | null
  /** Loudness of a voice message over its time, 64 values of 0 to 100 */
  waveform: number[] | null
  variants: Variant[]
  /** Path of the bytes, for whoever may see the message; null when removed or external */
  url: string | null
  /** Where another media service keeps it */
  external: {
    media_id: string
    upload_status: UploadStatus
  } | null
  created_at: Time
}

export type AttachmentIds = Id[]

export type AttachmentKind = 'image' | 'video' | 'audio' | 'voice' | 'file'

export interface Attachments {
  data: Attachment[]
  next_cursor: string | null
  has_more: boolean
}

export interface AuthExpiring {
  /** Seconds */
  in_s: number
}

export interface Avatar {
  avatar_url: AvatarUrl
}

/** Path of a square picture, for everyone and for ever; drawn from the id where none was chosen */
export type AvatarUrl = string

export interface Ban {
  user: User
  banned_by: Id | null
  reason: string | null
  banned_until: Time | null
  created_at: Time
}

export interface BanMember {
  /** A time to come; null for good */
  banned_until?: Moment | null
  /** For those who may see the list */
  reason?: string | null
}

export interface Bans {
  data: Ban[]
  next_cursor: string | null
  has_more: boolean
}

export interface BegunDemo {
  /** The room in which they talk */
  conversation_id: Id
}

export interface Block {
  user: User
  created_at: Time
}

export interface Blocks {
  data: Block[]
  next_cursor: string | null
  has_more: boolean
}

export interface Checkpoint {
  /** Replaces the token that was stored */
  resume: string
}

export type ChosenStatus = 'online' | 'away' | 'busy' | 'invisible'

/** UUID chosen by the client; unique for ever for each sender */
export type ClientId = string

export interface Conversation {
  id: Id
  type: ConversationType
  name: string | null
  description: string | null
  avatar_url: AvatarUrl
  is_public: boolean
  settings: ConversationSettings
  metadata: Record<string, unknown>
  created_by: Id | null
  created_at: Time
  member_count: number
  last_activity_at: Time
  /** Where its event stream stands */
  seq: number
  message_number: number
  last_message: Message | null
  /** The other one of a direct conversation */
  peer: User | null
  me: Membership
}

export interface ConversationCore {
  id: Id
  type: ConversationType
  name: string | null
  description: string | null
  avatar_url: AvatarUrl
  is_public: boolean
  settings: ConversationSettings
  metadata: Record<string, unknown>
  created_by: Id | null
  created_at: Time
  member_count: number
}

export interface ConversationPresence {
  member_count: number
  /** Those who are not offline */
  online_count: number
  /** The first 100 of them */
  online: Id[]
}

export interface ConversationSettings {
  /** Whether messages may have attachments */
  media_allowed: boolean
  /** Bytes of one file; null: as much as the server takes */
  max_file_size: number | null
  /** null: all of them */
  allowed_file_types: AttachmentKind[] | null
}

export type ConversationType = 'direct' | 'group'

export interface Conversations {
  data: Conversation[]
  next_cursor: string | null
  has_more: boolean
}

export type CreateConversation = {
  type: 'direct'
  user_ids: Id[]
} | {
  type: 'group'
  user_ids: Id[]
  name: string
  description?: string
  is_public?: boolean
  metadata?: Metadata
}

/** Opaque: the next_cursor of the page before */
export type Cursor = string

export interface Demo {
  /** The room in which they talk; null: they do not */
  conversation_id: Id | null
}

export type DisplayName = string

export interface EditMessage {
  content: string
}

export type Email = string

export interface EventFrame {
  type: string
  stream: Id
  seq: number
  at: Time
  data: unknown
}

export interface Failure {
  code: string
  detail: string
  errors?: {
    path: string
    code: string
    message: string
  }[]
  /** Seconds */
  retry_after?: number
}

export type FileSize = number

export type Filename = string

export interface FirstLoad {
  me: {
    id: Id
    username: string
    display_name: string | null
    bio: string
    status_text: string
    avatar_url: AvatarUrl
    created_at: Time
    deleted: boolean
    email: string | null
    profile_complete: boolean
    /** Where my own stream stands */
    seq: number
  }
  /** The first page; archived ones only when asked for elsewhere */
  conversations: Conversations
  resume: ResumeToken
}

export interface FoundPresence {
  data: UserPresence[]
}

export interface FoundUsers {
  data: User[]
}

export type Fresh = Record<string, unknown>

export interface HealthReport {
  /** `degraded`: it serves, but writes fail, or what other nodes write is heard late */
  status: 'up' | 'degraded' | 'down'
  timestamp: Time
  version: string
  uptime_s: number
  /** The node that answers */
  node_id: Id
  /** All that live; empty until this one has its lease */
  nodes: {
    id: Id
    version: string
    started_at: Time
    /** Since its tail last read the log, when it last renewed its lease */
    lag_ms: number
    sockets: number
    /** As far as this node knows: it looks when it renews its own */
    renewed_ms_ago: number
    /** Whether it is the node that answers */
    self: boolean
  }[]
  services: {
    database: {
      status: 'up' | 'down'
      latency_ms?: number
      /** No connection was free to ask with */
      pool?: 'busy'
      /** `down` for ten seconds after one has failed for this reason, or until one succeeds */
      writes: 'up' | 'down'
      reason?: WriteTrouble
    }
    listener: {
      status: 'up' | 'down'
    }
    tail: {
      status: 'up' | 'down'
      lag_ms: number
    }
    websocket: {
      status: 'up' | 'down'
      connections: number
    }
    storage: {
      status: 'up' | 'down'
      kind: 'disk' | 's3'
    }
    media: {
      /** Its version; null: video has no poster frame, voice no waveform */
      ffmpeg: string | null
      /** Its version; null: sound and video have no duration */
      ffprobe: string | null
      /** Jobs that this node does at the same time */
      jobs: number
    }
  }
}

export interface Hello {
  connection_id: Id
  user_id: Id
  session_id: Id
  protocol: 1
  heartbeat_s: number
  /** After a close with 4400, come back at a random moment within it */
  reconnect_within_s: number
  limits: {
    max_frame_bytes: number
    max_message_length: number
    max_message_bytes: number
  }
}

/** UUIDv7 of the server */
export type Id = string

export interface Jwks {
  keys: {
    kty: string
    kid: string
    [name: string]: unknown
  }[]
}

/** 50 without it */
export type Limit = number

export interface LinkAttachments {
  /** Of my uploads; they are shown after those that the message has */
  attachment_ids: AttachmentIds
}

export interface Login {
  /** Username or e-mail address */
  login: string
  password: string
}

export interface MarkUnread {
  from_number: number
}

export interface Me {
  id: Id
  username: string
  display_name: string | null
  bio: string
  status_text: string
  avatar_url: AvatarUrl
  created_at: Time
  deleted: boolean
  email: string | null
  profile_complete: boolean
}

export interface Member {
  user: User
  role: Role
  /** What all call them here */
  nickname: string | null
  joined_at: Time
}

export interface Members {
  data: Member[]
  next_cursor: string | null
  has_more: boolean
}

export interface Membership {
  /** What I call this conversation */
  alias: string | null
  notifications: 'all' | 'mentions' | 'none'
  notification_sound: boolean
  desktop_notifications: boolean
  mobile_notifications: boolean
  /** Whether others see how far I have read */
  show_read_receipts: boolean
  /** Whether others see that I type */
  show_typing: boolean
  priority: 'low' | 'normal' | 'high'
  /** System messages that my clients fold away */
  hidden_system_categories: SystemCategory[]
  role: Role
  /** What all call me here */
  nickname: string | null
  joined_at: Time
  /** Read up to this message; only grows */
  read_number: number
  /** Received up to this message; only grows. That it did is told only together with something else */
  delivered_number: number
  /** Marked as unread from this message on */
  unread_from: number | null
  /** message_number - (unread_from - 1, if set, else read_number) */
  unread_count: number
  pinned_at: Time | null
  /** A new message ends it, unless it came before muted_until */
  archived_at: Time | null
  muted_until: Time | null
}

export interface Message {
  id: Id
  conversation_id: Id
  /** 1, 2, 3 ... in its conversation */
  number: number
  /** null for system messages */
  sender_id: Id | null
  /** Of a message with attachments: their kind, or file where they differ */
  type: 'text' | 'system' | 'image' | 'video' | 'audio' | 'voice' | 'file'
  /** null for system messages, without a caption, and once deleted */
  content: string | null
  attachments: Attachment[]
  reply_to: {
    id: Id
    number: number
    sender_id: Id | null
    excerpt: string | null
  } | null
  system: SystemMessage | null
  metadata: Record<string, unknown>
  client_id: ClientId | null
  created_at: Time
  edited_at: Time | null
  deleted_at: Time | null
  deleted_by: Id | null
}

export interface MessageReceipts {
  data: {
    user_id: Id
    delivered_at: Time | null
    /** null too when they do not show it */
    read_at: Time | null
  }[]
  next_cursor: string | null
  has_more: boolean
  member_count: number
  delivered_count: number
  read_count: number
  /** What holds for every one of them */
  status: 'sent' | 'delivered' | 'read'
}

export interface Messages {
  data: Message[]
  has_before: boolean
  has_after: boolean
}

export type Metadata = Record<string, unknown>

export type MimeType = string

export interface Missed {
  events: EventFrame[]
  /** Conversations in which too much came: read them and their history again */
  limited: Id[]
  resume: ResumeToken
}

export type Moment = string

export interface MyStats {
  /** My messages in the conversations that I am in, since I joined each */
  sent_count: number
  /** Those of all others there, of the system too */
  received_count: number
  /** From sending to delivery, over a sample of my recent messages; null without any */
  average_delivery_ms: number | null
}

export interface OwnPresence {
  user_id: Id
  status: ChosenStatus
  invisible_until: Time | null
  last_seen_at: Time | null
}

export type Password = string

export interface Problem {
  type: string
  title: string
  status: number
  /** Stable and dotted; see docs/errors.md */
  code: string
  detail: string
  instance: string
  request_id: string
  errors?: {
    path: string
    code: string
    message: string
  }[]
}

export interface ReadConversations {
  /** All of mine, if it is left out */
  conversation_ids?: Id[]
}

export interface ReadOutcome {
  successful: number
  failed: number
  total: number
  errors: {
    conversation_id: Id
    code: 'conversation.not_found'
  }[]
}

export interface Readiness {
  status: 'up' | 'down'
}

export interface Receipt {
  user_id: Id
  /** null when they do not show it */
  read_number: number | null
  delivered_number: number
}

export interface Receipts {
  data: Receipt[]
  next_cursor: string | null
  has_more: boolean
}

export interface Refresh {
  refresh_token: string
}

export interface Register {
  username: Username
  email: Email
  password: Password
  display_name: DisplayName
}

export interface ReportReceipts {
  /** I have read up to here, and so received it */
  read_number?: number
  /** My device has applied everything up to here */
  delivered_number?: number
}

export type ResumeToken = string

export interface Resumed {
  /** Events that were sent for it */
  count: number
  /** Conversations in which too much came: read them and their history again */
  limited: Id[]
}

export interface Resync {
  reason: ResyncReason
}

/** `token`: it is not one of mine; `epoch`: the log has begun anew; `window`: it is older than the log; `too_much` was missed */
export type ResyncReason = 'token' | 'epoch' | 'window' | 'too_much'

export type Role = 'owner' | 'admin' | 'moderator' | 'member' | 'viewer'

export interface SendMessage {
  /** May be empty beside attachments */
  content?: string
  /** Of my uploads, in the order in which they are shown; together they decide the type of the message */
  attachment_ids?: AttachmentIds
  client_id?: ClientId
  reply_to_id?: Id
  metadata?: Metadata
}

export interface Session {
  id: Id
  user_agent: string
  ip: string
  created_at: Time
  /** Last sign-in or refresh */
  last_active_at: Time
  expires_at: Time
  current: boolean
}

export interface Sessions {
  data: Session[]
}

export interface SetAvatar {
  attachment_id: Id
}

export interface SetPresence {
  status: ChosenStatus
  /** A time to come, within a year; then it is online again. null: until I change it */
  invisible_until?: string | null
}

export interface SetTyping {
  typing: boolean
}

export interface SignUpload {
  filename: Filename
  mime_type: MimeType
  /** Bytes */
  size: FileSize
  conversation_id?: Id
  voice?: boolean
  keep_metadata?: boolean
  /** Of what is sent, in hexadecimal; checked when given */
  sha256?: string
}

export interface SignUrls {
  attachment_ids: Id[]
}

export interface SignedIn {
  access_token: string
  token_type: 'Bearer'
  /** Seconds */
  expires_in: number
  /** Replaced by each use; using an old one ends the session */
  refresh_token: string
  user: Me
  session: Session
}

export interface SignedUpload {
  /** Of the upload, and of the attachment once it is complete */
  attachment_id: Id
  method: 'PUT'
  url: string
  headers: Record<string, string>
  expires_at: Time
}

export interface SignedUrls {
  data: {
    attachment_id: Id
    /** Takes ?variant too; works for its maker alone, as long as they may see the file */
    url: string
  }[]
  expires_at: Time
}

export interface Stale {
  /** Nothing later was heard */
  since: Time
}

export type Status = 'online' | 'away' | 'busy' | 'offline'

export type SyncAnswer = FirstLoad | Missed

export type SystemCategory = 'details' | 'membership' | 'roles' | 'moderation'

export interface SystemMessage {
  kind: 'created' | 'renamed' | 'described' | 'visibility_changed' | 'photo_changed' | 'photo_removed' | 'settings_changed' | 'added' | 'removed' | 'left' | 'role_changed' | 'ownership_transferred' | 'nickname_changed' | 'banned' | 'unbanned' | 'message_deleted'
  /** Who did it (`actor_id`), to whom (`user_id`, `user_ids`), and what */
  params: Record<string, unknown>
}

export interface Ticket {
  /** For `/ws?ticket=` */
  ticket: string
  /** Seconds */
  expires_in: number
}

/** RFC 3339, UTC, milliseconds */
export type Time = string

export interface TransferOwnership {
  user_id: Id
}

export interface TypingWhere {
  conversation_id: Id
}

export interface Typists {
  /** Who types now, as far as I may see it; never myself */
  data: Id[]
}

export interface UnreadCounts {
  data: {
    conversation_id: Id
    unread_count: number
    muted_until: Time | null
  }[]
  next_cursor: string | null
  has_more: boolean
  /** In all my conversations, muted ones too */
  total_unread_count: number
  unread_conversation_count: number
}

export interface UpdateConversation {
  name?: string
  description?: string | null
  is_public?: boolean
  metadata?: Metadata
}

export interface UpdateExternal {
  upload_status: UploadStatus
}

export interface UpdateMe {
  display_name?: DisplayName
  email?: Email
  bio?: string
  status_text?: string
}

export interface UpdateMember {
  role?: Role
  nickname?: string | null
}

export interface UpdateMembership {
  alias?: string | null
  notifications?: 'all' | 'mentions' | 'none'
  notification_sound?: boolean
  desktop_notifications?: boolean
  mobile_notifications?: boolean
  /** Whether others see how far I have read */
  show_read_receipts?: boolean
  /** Whether others see that I type */
  show_typing?: boolean
  priority?: 'low' | 'normal' | 'high'
  hidden_system_categories?: SystemCategory[]
  pinned?: boolean
  archived?: boolean
  /** A time to come; null to unmute */
  muted_until?: Moment | null
}

export interface UpdateSettings {
  media_allowed?: boolean
  max_file_size?: FileSize | null
  allowed_file_types?: AttachmentKind[] | null
}

export type UploadStatus = 'pending' | 'uploaded' | 'failed'

export interface User {
  id: Id
  username: string
  display_name: string | null
  bio: string
  status_text: string
  avatar_url: AvatarUrl
  created_at: Time
  deleted: boolean
}

export interface UserPresence {
  user_id: Id
  status: Status
  /** When they were last seen going; null if never */
  last_seen_at: Time | null
}

/** Unique, whatever the case */
export type Username = string

export interface Variant {
  name: VariantName
  mime_type: string
  width: number
  height: number
  /** Bytes */
  size: number
}

/** As WebP within 150, 640 or 1280 pixels; of a video, its poster frame */
export type VariantName = 'thumbnail' | 'preview' | 'large'

export interface Verified {
  user_id: string
  session_id: string
  expires_at: string
}

export interface WatchPresence {
  user_ids: Id[]
}

/** `stalled`: commits take too long; `lost`: connections end; `unconfirmed`: a standby has not confirmed what was committed */
export type WriteTrouble = 'disk_full' | 'read_only' | 'too_many_connections' | 'stalled' | 'lost' | 'unconfirmed'

/** What an error says it is: docs/errors.md. */
export type ErrorCode = 'request.malformed' | 'request.invalid' | 'request.too_large' | 'request.unsupported_media_type' | 'route.not_found' | 'rate_limited' | 'busy' | 'overloaded' | 'unavailable' | 'internal' | 'auth.unauthenticated' | 'auth.token_invalid' | 'auth.token_expired' | 'auth.session_ended' | 'auth.invalid_credentials' | 'auth.refresh_token_invalid' | 'auth.refresh_token_reused' | 'account.username_taken' | 'account.email_taken' | 'session.not_found' | 'user.not_found' | 'user.blocked' | 'block.oneself' | 'block.too_many' | 'conversation.not_found' | 'conversation.forbidden' | 'conversation.name_taken' | 'conversation.with_oneself' | 'conversation.not_for_direct' | 'conversation.owner_cannot_leave' | 'conversation.too_many_pinned' | 'conversation.metadata_too_large' | 'member.not_found' | 'member.own_role' | 'member.role_above_own' | 'member.outranks' | 'member.banned' | 'ban.not_found' | 'request.time_past' | 'member.too_many' | 'message.not_found' | 'message.forbidden' | 'message.empty' | 'message.too_long' | 'message.client_id_reused' | 'message.reply_not_found' | 'message.not_editable' | 'message.edit_window_over' | 'message.delete_window_over' | 'storage.unavailable' | 'attachment.not_found' | 'attachment.in_use' | 'attachment.not_ready' | 'attachment.too_large' | 'attachment.quota_exceeded' | 'attachment.type_not_allowed' | 'attachment.not_allowed_here' | 'attachment.unreadable' | 'attachment.too_many_pixels' | 'attachment.metadata_stays' | 'attachment.not_an_avatar' | 'attachment.range_not_satisfiable' | 'attachment.link_invalid' | 'upload.not_found' | 'upload.too_many' | 'upload.incomplete' | 'upload.mismatch' | 'upload.expired' | 'upload.locked' | 'upload.offset_conflict' | 'upload.too_many_parts' | 'upload.tus_version' | 'upload.malformed' | 'upload.stalled' | 'sync.resync' | 'stream.not_found' | 'stream.gone' | 'auth.other_session' | 'demo.running' | 'frame.malformed' | 'command.unknown'

/** The `data` of each durable event. */
export interface Events {
  /** The first event of a stream; nobody is a member yet */
  'conversation.created': ConversationCore | {
    id: Id
    gone: true
  }
  /** Its name, description, picture, visibility, settings or metadata has changed */
  'conversation.updated': ConversationCore | {
    id: Id
    gone: true
  }
  /** It is gone for all its members */
  'conversation.deleted': ConversationCore | {
    id: Id
    gone: true
  }
  /** Somebody has become a member; they hear the stream from the next event on */
  'member.added': {
    user_id: Id
    role: Role
    nickname: string | null
    joined_at: Time
    member_count: number
  }
  /** The role or the nickname of a member has changed */
  'member.updated': {
    user_id: Id
    role: Role
    nickname: string | null
    joined_at: Time
    member_count: number
  }
  /** Somebody has left or was removed; they hear nothing from here on */
  'member.removed': {
    user_id: Id
    reason: 'left' | 'removed' | 'banned'
    member_count: number
  }
  /** Somebody may not come back, for good or until a time; told again when the ban is changed */
  'member.banned': {
    user_id: Id
    banned_by: Id | null
    banned_until: Time | null
  }
  /** They may be added again */
  'member.unbanned': {
    user_id: Id
  }
  /** A message; if it is mine, I have read up to it */
  'message.created': Message | {
    id: Id
    conversation_id: Id
    number: number
    gone: true
  }
  /** The message as it is now; messages that quote it have another excerpt */
  'message.edited': Message | {
    id: Id
    conversation_id: Id
    number: number
    gone: true
  }
  /** The message without its content; it keeps its number */
  'message.deleted': Message | {
    id: Id
    conversation_id: Id
    number: number
    gone: true
  }
  /** The message whose attachment has its previews, or turned out to have none, or has come further at the service that keeps it */
  'attachment.ready': Message | {
    id: Id
    conversation_id: Id
    number: number
    gone: true
  }
  /** The message, one of whose attachments is gone for everyone */
  'attachment.removed': Message | {
    id: Id
    conversation_id: Id
    number: number
    gone: true
  }
  /** I am a member now. Events of its stream that came before this one are in `conversation` already: drop them, and apply what is newer than its `seq` */
  'conversation.joined': {
    conversation_id: Id
    /** null when it was left again since */
    conversation: Conversation | null
    /** Of my joining: what is mine of its stream begins after it */
    seq: number
  }
  /** I am no member any more */
  'conversation.left': {
    conversation_id: Id
    /** Nothing of the stream from seq on is for this user */
    seq: number
    reason: 'left' | 'removed' | 'banned'
  }
  /** What a conversation is to me has changed, on another of my devices or on this one */
  'membership.updated': {
    conversation_id: Id
    /** The whole of it as it is now; null when it was left since */
    me: Membership | null
  }
  /** I have blocked somebody; they are not told */
  'block.added': {
    user_id: Id
  }
  /** I have blocked them no longer */
  'block.removed': {
    user_id: Id
  }
  /** I have deleted a message for me alone, or want to see it again */
  'message.hidden': {
    conversation_id: Id
    message_id: Id
    number: number
    hidden: boolean
  }
  /** My own profile has changed */
  'user.updated': User
  /** One of my sessions has ended; its sockets are closed */
  'session.revoked': {
    session_id: Id
    reason: string
  }
}

/** The `data` of each signal. */
export interface Signals {
  /** Somebody types; it ends with typing.stopped, with their message, or 13 s after it was heard last */
  'typing.started': {
    user_id: Id
  }
  /** They type no longer */
  'typing.stopped': {
    user_id: Id
  }
  /** Somebody has read or received more, in a conversation of at most 100 members; keep the larger number. My own devices hear membership.updated instead */
  'receipt.updated': {
    user_id: Id
    /** null when they do not show it */
    read_number: number | null
    delivered_number: number
  }
  /** Somebody on the list of presence.watch looks different; at most each 2 s for each */
  'presence.changed': {
    user_id: Id
    status: Status
    last_seen_at: Time | null
  }
  /** Somebody who shares a conversation with me has another profile: read it with GET /users?ids= */
  'profile.changed': {
    user_id: Id
  }
}

/** The `data` of each command. */
export interface Commands {
  'message.send': {
    /** May be empty beside attachments */
    content?: string
    /** Of my uploads, in the order in which they are shown; together they decide the type of the message */
    attachment_ids?: AttachmentIds
    client_id?: ClientId
    reply_to_id?: Id
    metadata?: Metadata
    conversation_id: Id
  }
  'message.edit': {
    content: string
    message_id: Id
  }
  'message.delete': {
    reason?: string
    message_id: Id
  }
  'receipt.update': {
    /** I have read up to here, and so received it */
    read_number?: number
    /** My device has applied everything up to here */
    delivered_number?: number
    conversation_id: Id
  }
  'typing.start': TypingWhere
  'typing.stop': TypingWhere
  'presence.set': SetPresence
  'presence.watch': WatchPresence
  /** Answered with the beginning of it, up to 64 events and 1 MiB: ask on from there */
  'stream.fetch': {
    stream: Id
    from_seq: number
    to_seq: number
  }
  'auth.renew': {
    token: string
  }
  ping: Record<string, never> | undefined
}

/** The `data` of the reply to each command. */
export interface CommandResults {
  'message.send': Message
  'message.edit': Message
  'message.delete': Message
  'receipt.update': Membership
  'typing.start': Record<string, never>
  'typing.stop': Record<string, never>
  'presence.set': OwnPresence
  'presence.watch': {
    presence: UserPresence[]
  }
  'stream.fetch': {
    events: EventFrame[]
  }
  'auth.renew': {
    expires_at: Time
  }
  ping: Record<string, never>
}
