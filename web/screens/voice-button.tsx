import { t } from '../app/language.js'
import { IconButton } from '../ui/button.js'

/** `heldSince`: it is pressed, and may be let go to send. */
export type Recording = { heldSince: number | undefined }

/** A click begins; whoever holds it lets go to send. */
export function VoiceButton({ onStart }: { onStart: (recording: Recording) => void }) {
  return (
    <span
      class="voice-button"
      onPointerDown={({ button, timeStamp }) => {
        if (button === 0) onStart({ heldSince: timeStamp })
      }}
    >
      <IconButton icon="mic" label={t().voice.record} onClick={() => onStart({ heldSince: undefined })} />
    </span>
  )
}
