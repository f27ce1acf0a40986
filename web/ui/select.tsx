import { useId } from 'preact/hooks'

type Props<V extends string> = {
  label: string
  value: V
  all: readonly (readonly [V, string])[]
  hint?: string | undefined
  onChoose: (value: V) => void
}

/** One of several, by the control that each system has for it. */
export function Select<V extends string>({ label, value, all, hint, onChoose }: Props<V>) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChoose(event.currentTarget.value as V)}
      >
        {all.map(([each, name]) => (
          <option key={each} value={each} selected={each === value}>
            {name}
          </option>
        ))}
      </select>
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
