import type { ComponentType, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../app/language.js'
import { say } from './toast.js'

/** A part of the page that is loaded when it is first wanted. Without a network it may not be there. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>) {
  let loaded: ComponentType<P> | undefined
  return function Later(props: P & { onClose: () => void }): VNode | null {
    const [Part, setPart] = useState<ComponentType<P> | undefined>(() => loaded)
    useEffect(() => {
      if (loaded) return
      load().then(
        (found) => {
          loaded = found
          setPart(() => found)
        },
        () => {
          say(t().errors.network)
          props.onClose()
        },
      )
    }, [])
    return Part ? <Part {...props} /> : null
  }
}
