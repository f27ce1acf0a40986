import { useId } from 'preact/hooks'

type Props = {
  label: string
  hint?: string | undefined
  isOn: boolean
  isDisabled?: boolean
  onChange: (isOn: boolean) => void
}

/** On or off, at once. */
export function Switch({ label, hint, isOn, isDisabled, onChange }: Props) {
  const id = useId()
  return (
    <div class="switch">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="checkbox"
        // biome-ignore lint/a11y/useAriaPropsForRole: a checkbox says it itself
        role="switch"
        checked={isOn}
        disabled={isDisabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => {
          const { currentTarget: input } = event
          const wanted = input.checked
          // It shows what is, not what was asked for.
          input.checked = isOn
          onChange(wanted)
        }}
      />
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
