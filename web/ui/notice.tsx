import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.js'

/** In the middle of what is otherwise empty: what is the matter, and what can be done. */
export function Notice({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <Icon name={icon} size={40} />
      <h2>{title}</h2>
      {children}
    </div>
  )
}
