// How large things may be. Fixed bounds are here; what an operator may set has its default here and its name in config.ts.

export const HARD = {
  /** A message text, in bytes of UTF-8. */
  message_bytes: 65_536,
  username: 32,
  display_name: 50,
  bio: 200,
  status_text: 140,
  email: 254,
  /** argon2 takes any length; this only bounds the work. */
  password: 256,
  password_min: 8,
  conversation_name: 100,
  conversation_description: 500,
  metadata_bytes: 16_384,
  metadata_depth: 8,
  nickname: 50,
  delete_reason: 500,
  ban_reason: 500,
  pinned_conversations: 5,
  /** Above it, nobody is told who types; above the next, receipts are read on demand. */
  typing_members: 200,
  live_receipts_members: 100,
  /** Whose presence a socket may watch, and how many a conversation's presence names. */
  watched_users: 200,
  online_shown: 100,
  page: 100,
  page_default: 50,
  attachments: 10,
  filename: 255,
  media_id: 255,
  open_uploads: 100,
  /** What a resumable upload is stored in; so many pieces may be shorter than a MiB. */
  upload_part_bytes: 8_388_608,
  upload_broken_parts: 1_000,
  /** Bytes of the header Upload-Metadata. */
  upload_metadata: 8_192,
  /** Of one stream in one answer: what more was missed is read as history. */
  fetched_events: 200,
  /** Of all streams together, in events and in bytes: what more was missed is loaded afresh. */
  missed_events: 2_000,
  missed_bytes: 1_048_576,
  user_search: 20,
  ids: 100,
  /** A REST body: the longest message, escaped to `\uXXXX`, with its metadata. */
  body_bytes: 1_048_576,
} as const

/** What an operator may set, as the domain uses it. */
export type Limits = {
  /** Characters (code points) of a message text. */
  message_length: number
  /** Bytes of a message text in UTF-8. */
  message_bytes: number
  members: number
  sessions: number
  /** People whom one user has blocked. */
  blocks: number
  edit_window_s: number
  delete_window_s: number
  /** Bytes of one file, by the class that it falls into (media/file-types.ts). */
  file_bytes: Record<FileClass, number>
  /** Of a file that becomes an avatar. */
  avatar_bytes: number
  /** Bytes of all that one user has uploaded and not removed. */
  user_media_bytes: number
}

export type FileClass = 'image' | 'video' | 'audio' | 'file' | 'archive'
