// What the read state must be, computed from nothing but what was answered and heard: no query of ours is asked for it.
import { expect } from 'vitest'
import type { Membership } from '../../src/contract/memberships.js'
import type { Ear } from '../support/ear.js'

/** Something that was acknowledged. `head`: the last message that was known when it was asked for. */
export type Ack =
  | { kind: 'send'; home: string; number: number }
  | { kind: 'report'; home: string; head: number; read?: number; delivered?: number; me: Membership }
  | { kind: 'mark'; home: string; from: number; me: Membership }

/** A member's present stay, and what they say of it: how it began is the only thing that is taken from the database. */
export type Stay = { home: string; joined_at: string; joined_number: number }
export type State = { read_number: number; delivered_number: number; unread_from: number | null }

function ofStay(stay: Stay, acks: Ack[]): Ack[] {
  return acks.filter(
    (ack) =>
      ack.home === stay.home &&
      (ack.kind === 'send' ? ack.number > stay.joined_number : ack.me.joined_at === stay.joined_at),
  )
}

const positionsOf = ({ read_number, delivered_number, unread_from }: State): State => ({
  read_number,
  delivered_number,
  unread_from,
})

/** For somebody who does one thing at a time: each answer must be what the rules make of the one before. */
export function replay(stay: Stay, acks: Ack[]): State {
  let state: State = { read_number: stay.joined_number, delivered_number: stay.joined_number, unread_from: null }
  for (const ack of ofStay(stay, acks)) {
    if (ack.kind === 'send') {
      state = { read_number: ack.number, delivered_number: ack.number, unread_from: null }
      continue
    }
    if (ack.kind === 'mark') {
      if (ack.from <= state.read_number) state = { ...state, unread_from: ack.from }
    } else {
      const { me, head } = ack
      const last = me.unread_count + (me.unread_from === null ? me.read_number : me.unread_from - 1)
      // Beyond the last message it meant the last one of that moment, which lies between what was known before and after.
      const meant = (number = 0, answer: number) =>
        number <= head ? number : Math.max(head, Math.min(answer, number, last))
      const { unread_from } = state
      const read_number = Math.max(state.read_number, meant(ack.read, me.read_number))
      const delivered_number = Math.max(state.delivered_number, read_number, meant(ack.delivered, me.delivered_number))
      const ends = unread_from !== null && ack.read !== undefined && ack.read >= unread_from
      state = { read_number, delivered_number, unread_from: ends ? null : unread_from }
    }
    expect(positionsOf(ack.me), JSON.stringify(ack)).toEqual(state)
  }
  return state
}

/** For somebody who does many things at once: the positions are the furthest that any answer has told. */
export function furthest(stay: Stay, acks: Ack[]): Omit<State, 'unread_from'> {
  const mine = ofStay(stay, acks)
  const read = mine.map((ack) => (ack.kind === 'send' ? ack.number : ack.me.read_number))
  const delivered = mine.map((ack) => (ack.kind === 'send' ? ack.number : ack.me.delivered_number))
  return {
    read_number: Math.max(stay.joined_number, ...read),
    delivered_number: Math.max(stay.joined_number, ...delivered),
  }
}

type Seen = { read_number: number; unread_from: number | null; message_number: number; seq: number }

/** What a device knows of its user's conversations from its first load and the events that it has heard. */
export function hear(
  ear: Ear,
  userId: string,
  load: { id: string; seq: number; message_number: number; me: Membership }[],
): Record<string, { read_number: number; unread_from: number | null; unread_count: number }> {
  const known = new Map<string, Seen>()
  const learn = ({ id, seq, message_number, me }: (typeof load)[number]) =>
    known.set(id, { read_number: me.read_number, unread_from: me.unread_from, message_number, seq })
  for (const conversation of load) learn(conversation)
  for (const { type, stream = '', seq = 0, data } of ear.frames) {
    if (type === 'conversation.joined' && data.conversation) learn({ ...data.conversation, seq: data.seq })
    if (type === 'conversation.left') known.delete(data.conversation_id)
    if (type === 'membership.updated' && data.me) {
      const conversation = known.get(data.conversation_id)
      if (conversation)
        Object.assign(conversation, { read_number: data.me.read_number, unread_from: data.me.unread_from })
    }
    const conversation = known.get(stream)
    if (type !== 'message.created' || !conversation || seq <= conversation.seq) continue
    conversation.message_number = Math.max(conversation.message_number, data.number)
    if (data.sender_id !== userId) continue
    conversation.read_number = Math.max(conversation.read_number, data.number)
    conversation.unread_from = null
  }
  return Object.fromEntries(
    [...known].map(([id, { read_number, unread_from, message_number }]) => [
      id,
      {
        read_number,
        unread_from,
        unread_count: message_number - (unread_from === null ? read_number : unread_from - 1),
      },
    ]),
  )
}
