import { useRef } from 'preact/hooks'
import { t } from '../app/language.js'
import { statusOf, useWatched } from '../app/presence.js'
import { Avatar } from '../ui/avatar.js'

type Props = { id: string; name: string; url?: string | undefined; size?: 'small' | 'medium' | 'large' }

/** Somebody's picture, and whether they are here: known only while it is on the screen. */
export function Face({ id, name, url, size = 'medium' }: Props) {
  const place = useRef<HTMLSpanElement>(null)
  useWatched(place, id)
  const status = statusOf(id)
  return (
    <span class="face" ref={place}>
      <Avatar id={id} name={name} url={url} size={size} />
      {status && status !== 'offline' && (
        <span class={`presence ${status}`} title={t().presence[status]}>
          <span class="unseen">{t().presence[status]}</span>
        </span>
      )}
    </span>
  )
}
