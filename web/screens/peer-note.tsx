import { useRef } from 'preact/hooks'
import type { User } from '../../src/sdk/client.js'
import { ago } from '../app/format.js'
import { t } from '../app/language.js'
import { presenceOf, useWatched } from '../app/presence.js'

/** Whether the other one is here, or when they were, behind `before`; as long as that is not known, `otherwise`. */
export function PeerNote({ peer, before = '', otherwise }: { peer: User; before?: string; otherwise?: string }) {
  const place = useRef<HTMLElement>(null)
  useWatched(place, peer.id)
  const now = presenceOf(peer.id)
  const say = t().presence
  const words = (() => {
    if (!now) return undefined
    if (now.status !== 'offline') return say[now.status]
    return now.last_seen_at ? say.seen(ago(now.last_seen_at)) : undefined
  })()
  return <bdi ref={place}>{words === undefined ? otherwise : before + words}</bdi>
}
