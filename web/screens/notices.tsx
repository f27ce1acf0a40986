import { t } from '../app/language.js'
import { takeOver } from '../app/tabs.js'
import { Button } from '../ui/button.js'
import { Link } from '../ui/link.js'
import { Mark } from '../ui/mark.js'

export function NotFound() {
  return (
    <main class="entrance">
      <section class="card">
        <Mark />
        <h1>{t().notFound.title}</h1>
        <p>{t().notFound.text}</p>
        <Link to="/" class="button primary">
          {t().notFound.home}
        </Link>
      </section>
    </main>
  )
}

export function Elsewhere() {
  return (
    <main class="entrance">
      <section class="card">
        <Mark />
        <h1>{t().elsewhere.title}</h1>
        <p>{t().elsewhere.text}</p>
        <Button kind="primary" onClick={takeOver}>
          {t().elsewhere.here}
        </Button>
      </section>
    </main>
  )
}
