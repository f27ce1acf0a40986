import { useId } from 'preact/hooks'
import { Icon } from './icon.js'

type Props = {
  name: string
  label: string
  value: string
  hint?: string | undefined
  error?: string | undefined
  onInput: (value: string) => void
}

/** Some lines to write in. */
export function TextArea({ name, label, value, hint, error, onInput }: Props) {
  const id = useId()
  const hints = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        name={name}
        rows={3}
        value={value}
        dir="auto"
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={hints || undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {error && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="warning" size={16} />
          <span>{error}</span>
        </p>
      )}
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
