import { Icon } from './icon.js'

/** What went wrong, where it was begun; said at once. */
export function Fault({ text }: { text: string | undefined }) {
  if (!text) return null
  return (
    <p class="form-error" role="alert" tabIndex={-1}>
      <Icon name="warning" />
      <span>{text}</span>
    </p>
  )
}
