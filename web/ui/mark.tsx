import { t } from '../app/language.js'

/** The sign of the house, with its name. */
export function Mark() {
  return (
    <p class="mark">
      <img src="/icon.svg" alt="" width={40} height={40} />
      <span>{t().app.name}</span>
    </p>
  )
}
