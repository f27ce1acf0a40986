import { numberOf } from '../app/format.js'

const MOST = 99

/** A number for the eye, and words for the ear. */
export function Badge({ count, label, isQuiet }: { count: number; label: string; isQuiet?: boolean }) {
  if (count <= 0) return null
  return (
    <span class={isQuiet ? 'badge quiet' : 'badge'}>
      <span aria-hidden="true">{count > MOST ? `${numberOf(MOST)}+` : numberOf(count)}</span>
      <span class="unseen">{label}</span>
    </span>
  )
}
