import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../app/language.js'
import { trayOf } from '../app/tray.js'
import { Icon } from '../ui/icon.js'

/** Lies over what it stands in while somebody holds files above it. */
export function DropZone({ conversationId }: { conversationId: string }) {
  const veil = useRef<HTMLDivElement>(null)
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const pane = veil.current?.parentElement
    if (!pane) return undefined
    const ends = new AbortController()
    const { signal } = ends
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return
      // Elsewhere in the page too: a browser would leave it, and show the file.
      event.preventDefault()
      const isHere = pane.contains(event.target as Node)
      if (event.dataTransfer) event.dataTransfer.dropEffect = isHere ? 'copy' : 'none'
      setOver(isHere)
    }
    const leave = ({ relatedTarget }: DragEvent) => {
      if (!pane.contains(relatedTarget as Node | null)) setOver(false)
    }
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(false)
      if (pane.contains(event.target as Node)) trayOf(conversationId).add([...(event.dataTransfer?.files ?? [])])
    }
    addEventListener('dragover', over, { signal })
    addEventListener('drop', drop, { signal })
    pane.addEventListener('dragleave', leave, { signal })
    return () => ends.abort()
  }, [conversationId])
  return (
    <div class={isOver ? 'drop-zone over' : 'drop-zone'} ref={veil} aria-hidden="true">
      {isOver && (
        <p>
          <Icon name="attach" size={24} />
          {t().files.drop}
        </p>
      )}
    </div>
  )
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false
