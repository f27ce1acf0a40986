// What is opened rarely is loaded when it is.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../app/language.js'
import { Button } from './button.js'
import { Notice } from './notice.js'
import { Spinner } from './spinner.js'

/** A component that is fetched with the first that needs it. Without a network there is a way to try again. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
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
    if (!hasFailed) return <Spinner label={t().app.loading} />
    return (
      <Notice icon="cloudOff" title={t().errors.network}>
        <Button
          onClick={() => {
            setFailed(false)
            setTurn(turn + 1)
          }}
        >
          {t().app.retry}
        </Button>
      </Notice>
    )
  }
}
