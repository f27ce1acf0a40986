import { useEffect, useState } from 'preact/hooks'
import type { Conversation, User } from '../../../src/sdk/client.js'
import { block, isBlocked, unblock } from '../../app/blocks.js'
import { client } from '../../app/client.js'
import { dateOf } from '../../app/format.js'
import { t } from '../../app/language.js'
import { learn } from '../../app/people.js'
import { nameOf } from '../../app/titles.js'
import { useWork } from '../../app/work.js'
import { Button } from '../../ui/button.js'
import { Confirm } from '../../ui/confirm.js'
import { Fault } from '../../ui/fault.js'
import { Face } from '../face.js'
import { PeerNote } from '../peer-note.js'
import { Wishes } from './wishes.js'

export function PersonDetails({ conversation }: { conversation: Conversation }) {
  const say = t().details
  const [isAsking, setAsking] = useState(false)
  const work = useWork()
  const peer = useProfile(conversation.peer)
  if (!peer) return <p class="quiet">{t().message.gone}</p>
  const blocked = isBlocked(peer.id)
  const name = nameOf(peer)
  return (
    <>
      <div class="details-head">
        <Face id={peer.id} name={name} url={peer.avatar_url} size="large" />
        <h3>
          <bdi>{name}</bdi>
        </h3>
        {!peer.deleted && (
          <p class="quiet">
            <bdi>@{peer.username}</bdi>
            <PeerNote peer={peer} before=" · " />
          </p>
        )}
        {peer.status_text && (
          <p class="details-text" dir="auto">
            {peer.status_text}
          </p>
        )}
        {peer.bio && (
          <p class="details-text" dir="auto">
            {peer.bio}
          </p>
        )}
        <p class="quiet">{say.since(dateOf(peer.created_at))}</p>
      </div>
      <Wishes conversation={conversation} />
      {!peer.deleted && (
        <div class="details-end">
          <Fault text={work.fault} />
          {blocked && <p>{say.blockedText}</p>}
          {blocked ? (
            <Button icon="check" isBusy={work.isBusy} onClick={() => work.run(() => unblock(peer.id))}>
              {say.unblock}
            </Button>
          ) : (
            <Button icon="ban" kind="warning" onClick={() => setAsking(true)}>
              {say.block}
            </Button>
          )}
        </div>
      )}
      {isAsking && (
        <Confirm
          title={say.blockTitle(name)}
          action={say.block}
          onClose={() => setAsking(false)}
          onConfirm={() => block(peer.id)}
        >
          <p>{say.blockText}</p>
        </Confirm>
      )}
    </>
  )
}

/** As it is now: the conversation has it as it was when it was loaded. */
function useProfile(peer: User | null): User | null {
  const [profile, setProfile] = useState(peer)
  const id = peer?.id
  useEffect(() => {
    if (id === undefined) return
    client
      .call('GET /users/{id}', { path: { id } })
      .then((user) => {
        learn([user])
        setProfile(user)
      })
      // What is known stays.
      .catch(() => undefined)
  }, [id])
  return profile
}
