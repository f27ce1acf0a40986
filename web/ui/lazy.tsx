// What is opened rarely is loaded when it is.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../app/language.js'
import { Button } from './button.js'
import { Notice } from './notice.js'
import { Spinner } from './spinner.js'
import { say } from './toast.js'

type Waiting = { hasFailed: boolean; onRetry: () => void }

/** A component that is fetched with the first that needs it; `Meanwhile` stands in its place. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Meanwhile: ComponentType<Waiting & P> = Place,
): ComponentType<P> {
  let loaded: ComponentType<P> | undefined
  return function Lazy(props: P) {
    const [turn, setTurn] = useState(0)
    const [hasFailed, setFailed] = useState(false)
    useEffect(() => {
      if (loaded) return
      load()
        .then((one) => {
          loaded = one
          setTurn((before) => before + 1)
        })
        .catch(() => setFailed(true))
    }, [turn])
    if (loaded) {
      const Part = loaded
      return <Part {...props} />
    }
    const retry = () => {
      setFailed(false)
      setTurn(turn + 1)
    }
    return <Meanwhile {...props} hasFailed={hasFailed} onRetry={retry} />
  }
}

/** Without a network there is a way to try again. */
function Place({ hasFailed, onRetry }: Waiting) {
  if (!hasFailed) return <Spinner label={t().app.loading} />
  return (
    <Notice icon="cloudOff" title={t().errors.network}>
      <Button onClick={onRetry}>{t().app.retry}</Button>
    </Notice>
  )
}

/** Of a dialog there is nothing before it is there; whoever asked for it asks again. */
export function Unseen({ hasFailed, onClose }: Waiting & { onClose: () => void }) {
  useEffect(() => {
    if (!hasFailed) return
    say(t().errors.network)
    onClose()
  }, [hasFailed])
  return null
}
