import { useRef } from 'preact/hooks'
import type { User } from '../../src/sdk/client.js'
import { ago } from '../app/format.js'
import { t } from '../app/language.js'
import { presenceOf, useWatched } from '../app/presence.js'

/** Whether the other one is here, or when they were; until that is known, by what name others find them. */
export function PeerNote({ peer }: { peer: User }) {
  const place = useRef<HTMLElement>(null)
  useWatched(place, peer.id)
  const now = presenceOf(peer.id)
  const say = t().presence
  const words = (() => {
    if (!now) return undefined
    if (now.status !== 'offline') return say[now.status]
    return now.last_seen_at ? say.seen(ago(now.last_seen_at)) : undefined
  })()
  return <bdi ref={place}>{words ?? `@${peer.username}`}</bdi>
}
