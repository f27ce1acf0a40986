// What somebody does to a conversation, from wherever they do it. What comes of it is heard like everything else.
import type { Conversation, UpdateMembership } from '../../src/sdk/client.js'
import { client } from './client.js'
import { go, place } from './router.js'

/** @throws EarshotError */
export async function wish(id: string, body: UpdateMembership): Promise<void> {
  await client.call('PATCH /conversations/{id}/me', { path: { id }, body })
}

/** Whoever looks at it would have read it the next moment, so it is left. @throws EarshotError */
export async function markUnread({ id, message_number }: Conversation): Promise<void> {
  depart(id)
  await client.call('PUT /conversations/{id}/unread', { path: { id }, body: { from_number: message_number } })
}

/** @throws EarshotError */
export async function leaveGroup(id: string): Promise<void> {
  await client.call('POST /conversations/{id}/leave', { path: { id } })
  depart(id)
}

/** @throws EarshotError */
export async function deleteGroup(id: string): Promise<void> {
  await client.call('DELETE /conversations/{id}', { path: { id } })
  depart(id)
}

/** The one that there is, or a new one. @throws EarshotError */
export async function writeTo(userId: string): Promise<void> {
  const { id } = await client.call('POST /conversations', { body: { type: 'direct', user_ids: [userId] } })
  go(`/c/${id}`)
}

function depart(id: string): void {
  const at = place.peek()
  if (at.name === 'conversation' && at.id === id) go('/')
}
