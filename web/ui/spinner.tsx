/** Beside words, it is only for the eye. */
export function Spinner({ label }: { label?: string }) {
  if (label === undefined) return <span class="spinner" aria-hidden="true" />
  return (
    <p class="spinner-line" role="status">
      <span class="spinner" aria-hidden="true" />
      <span class="unseen">{label}</span>
    </p>
  )
}
