import { useRef } from 'preact/hooks'
import { t } from '../app/language.js'
import type { Tray } from '../app/tray.js'
import { IconButton } from '../ui/button.js'

/** The browser's own choice of files, behind a button that looks like the others. */
export function AttachButton({ tray, onChosen }: { tray: Tray; onChosen: () => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <IconButton icon="attach" label={t().files.attach} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          tray.add([...(currentTarget.files ?? [])])
          // The same file may be chosen again.
          currentTarget.value = ''
          onChosen()
        }}
      />
    </>
  )
}

/** A picture that was copied. Words beside it are what somebody meant, as from an office program. */
export function pasteFiles(event: ClipboardEvent, tray: Tray): void {
  const { files, types } = event.clipboardData ?? {}
  if (!files || files.length === 0 || types?.includes('text/plain')) return
  event.preventDefault()
  tray.add([...files])
}
