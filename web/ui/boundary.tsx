import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { t } from '../app/language.js'
import { Button } from './button.js'
import { Notice } from './notice.js'

/** What cannot be drawn takes nothing else with it. */
export function Boundary({ children }: { children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary((thrown) => reportError(thrown))
  if (error === undefined) return <>{children}</>
  return (
    <section class="pane blank" role="alert">
      <Notice icon="warning" title={t().errors.unknown}>
        <Button onClick={reset}>{t().app.retry}</Button>
      </Notice>
    </section>
  )
}
