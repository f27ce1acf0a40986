// Short words at the edge of the page, said aloud as well. What must not be missed stands where it belongs, not here.
import { signal } from '@preact/signals'
import { Icon, type IconName } from './icon.js'

const SHOWN_MS = 6_000

const toast = signal<{ text: string; icon: IconName } | undefined>(undefined)
let timer: number | undefined

export function say(text: string, icon: IconName = 'warning'): void {
  toast.value = { text, icon }
  clearTimeout(timer)
  timer = setTimeout(() => {
    toast.value = undefined
  }, SHOWN_MS)
}

/** It is there before it has anything to say: only then it is read out. */
export function Toasts() {
  return (
    <div class="toasts" role="status">
      {toast.value && (
        <p class="toast">
          <Icon name={toast.value.icon} size={16} />
          <span>{toast.value.text}</span>
        </p>
      )}
    </div>
  )
}
