import { useId, useState } from 'preact/hooks'
import { t } from '../app/language.js'
import { IconButton } from './button.js'
import { Icon } from './icon.js'

type Props = {
  name: string
  label: string
  value: string
  onInput: (value: string) => void
  hint?: string | undefined
  error?: string | undefined
  type?: 'text' | 'email' | 'password' | 'search'
  /** What a password manager knows it by. */
  autoComplete?: string
  isCode?: boolean
}

/** A line to write in, with what it is for, what it should be like, and what is wrong with it. */
export function Field({
  name,
  label,
  value,
  onInput,
  hint,
  error,
  type = 'text',
  autoComplete = 'off',
  isCode,
}: Props) {
  const id = useId()
  const [isShown, setShown] = useState(false)
  const hints = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ')
  const isPassword = type === 'password'
  const isPlain = isCode || isPassword || type === 'email'
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-box">
        <input
          id={id}
          name={name}
          // The types of the library want each of them apart.
          type={(isPassword && isShown ? 'text' : type) as 'text'}
          value={value}
          autoComplete={autoComplete}
          autoCapitalize={isPlain ? 'none' : undefined}
          spellcheck={false}
          dir={isPlain ? 'ltr' : 'auto'}
          aria-invalid={error ? 'true' : undefined}
          aria-describedby={hints || undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        {isPassword && (
          <IconButton
            icon={isShown ? 'eyeOff' : 'eye'}
            label={isShown ? t().password.hide : t().password.show}
            onClick={() => setShown(!isShown)}
          />
        )}
      </div>
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
