// Pictures, large: the screen for them is loaded with the first that somebody looks at.
import { effect } from '@preact/signals'
import { render } from 'preact'
import type { Attachment } from '../../src/sdk/client.js'
import { phase } from '../app/client.js'
import { t } from '../app/language.js'
import { addLayer } from '../app/layers.js'
import { isElsewhere } from '../app/tabs.js'
import { say } from '../ui/toast.js'

export function openViewer(files: readonly Attachment[], index: number): void {
  const from = document.activeElement as HTMLElement | null
  show(files, index, from).catch(() => say(t().errors.network))
}

/** Beside the page, not in it: what comes into the list of messages is read out. */
async function show(files: readonly Attachment[], index: number, from: HTMLElement | null): Promise<void> {
  const { Viewer } = await import('./viewer.js')
  const place = document.createElement('div')
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    forget()
    stop()
    render(null, place)
    place.remove()
    from?.focus()
  }
  const forget = addLayer(close)
  // Somebody is not signed in any more, or is in another tab: what was on the screen is gone.
  const stop = effect(() => {
    if (phase.value !== 'in' || isElsewhere.value) queueMicrotask(close)
  })
  document.body.append(place)
  render(<Viewer files={files} index={index} onClose={close} />, place)
}
