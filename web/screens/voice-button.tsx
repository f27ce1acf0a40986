import { t } from '../app/language.js'
import { IconButton } from '../ui/button.js'

/** `held`: for how many milliseconds it was pressed, once it is let go. */
export type Recording = { held: Promise<number> | undefined }

/** A click begins; whoever holds it lets go to send. */
export function VoiceButton({ onStart }: { onStart: (recording: Recording) => void }) {
  return (
    <span
      class="voice-button"
      onPointerDown={({ button, timeStamp }) => {
        if (button === 0) onStart({ held: release(timeStamp) })
      }}
    >
      <IconButton icon="mic" label={t().voice.record} onClick={() => onStart({ held: undefined })} />
    </span>
  )
}

/** Listened for from the first moment on: of a short press it comes before anything is drawn, and the next one means something else. */
function release(since: number): Promise<number> {
  return new Promise((resolve) => {
    const end = new AbortController()
    const once = (ms: number) => {
      end.abort()
      resolve(ms)
    }
    addEventListener('pointerup', ({ timeStamp }) => once(timeStamp - since), { signal: end.signal })
    // Taken by the browser for something else: then it was no more than begun.
    addEventListener('pointercancel', () => once(0), { signal: end.signal })
  })
}
