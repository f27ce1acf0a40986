// Pictures in the whole window: by keys, by a wheel, by fingers. Loaded when somebody looks at one.
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Attachment } from '../../src/sdk/client.js'
import { download, renewLink, useFileLink, variantOf } from '../app/file-links.js'
import { t } from '../app/language.js'
import { percentOf } from '../app/measures.js'
import { fileNameOf } from '../app/titles.js'
import { IconButton } from '../ui/button.js'
import { LARGEST_SCALE, STEP, useZoom } from '../ui/zoom.js'
import { isStill } from './gallery.js'

type Props = { files: readonly Attachment[]; index: number; onClose: () => void }

const PAN_PX = 80

export function Viewer({ files, index, onClose }: Props) {
  const say = t().viewer
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const [at, setAt] = useState(index)
  const { view, stage, zoom, pan, reset } = useZoom()
  // The browser keeps the focus inside; where it was before, it is again when the dialog goes.
  useLayoutEffect(() => {
    dialog.current?.showModal()
    stage.current?.focus()
  }, [])
  const file = files[at]
  if (!file) return null

  const go = (to: number) => {
    if (to < 0 || to >= files.length) return
    setAt(to)
    reset()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const isZoomed = view.scale > 1
    const forward = document.documentElement.dir === 'rtl' ? -1 : 1
    const keys: Record<string, () => void> = {
      ArrowLeft: () => (isZoomed ? pan(PAN_PX, 0) : go(at - forward)),
      ArrowRight: () => (isZoomed ? pan(-PAN_PX, 0) : go(at + forward)),
      ArrowUp: () => pan(0, PAN_PX),
      ArrowDown: () => pan(0, -PAN_PX),
      Home: () => go(0),
      End: () => go(files.length - 1),
      '+': () => zoom(STEP),
      '=': () => zoom(STEP),
      '-': () => zoom(1 / STEP),
      '0': reset,
    }
    const act = keys[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }
  return (
    <dialog ref={dialog} class="viewer" aria-labelledby={id} onClose={onClose} onKeyDown={onKeyDown}>
      <header class="viewer-bar">
        <p class="viewer-title" id={id} role="status">
          <bdi>{fileNameOf(file)}</bdi>
          {files.length > 1 && <small>{say.of(at + 1, files.length)}</small>}
        </p>
        <IconButton icon="minus" label={say.smaller} isDisabled={view.scale <= 1} onClick={() => zoom(1 / STEP)} />
        <span class="viewer-scale" aria-hidden="true">
          {percentOf(view.scale)}
        </span>
        <IconButton icon="add" label={say.larger} isDisabled={view.scale >= LARGEST_SCALE} onClick={() => zoom(STEP)} />
        <IconButton
          icon="download"
          label={t().files.download}
          onClick={() => {
            download(file.id, fileNameOf(file)).catch(reportError)
          }}
        />
        <IconButton icon="close" label={t().app.close} onClick={() => dialog.current?.close()} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is moved by keys has to be reached by them */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div class="stage" ref={stage} tabIndex={0} role="group" aria-label={say.stage}>
        <Large key={file.id} file={file} isClose={view.scale > 1} view={view} />
      </div>
      {files.length > 1 && (
        <>
          <span class="viewer-step before">
            <IconButton icon="back" label={say.before} isDisabled={at === 0} onClick={() => go(at - 1)} />
          </span>
          <span class="viewer-step after">
            <IconButton
              icon="forward"
              label={say.after}
              isDisabled={at === files.length - 1}
              onClick={() => go(at + 1)}
            />
          </span>
        </>
      )}
    </dialog>
  )
}

type LargeProps = { file: Attachment; isClose: boolean; view: { scale: number; x: number; y: number } }

function Large({ file, isClose, view: { scale, x, y } }: LargeProps) {
  const url = useFileLink(file.id)
  // Once it was needed in full it stays so.
  const wasClose = useRef(false)
  wasClose.current ||= isClose
  return (
    <img
      src={url && sourceOf(file, url, wasClose.current)}
      width={file.width ?? undefined}
      height={file.height ?? undefined}
      alt={t().viewer.picture(fileNameOf(file))}
      draggable={false}
      // Set by its properties, which the policy of the page allows; the attribute it does not.
      style={{ transform: `translate(${x}px, ${y}px) scale(${scale})` }}
      onError={() => renewLink(file.id)}
    />
  )
}

/** What browsers show as it is. */
const SHOWN = /^image\/(jpeg|png|gif|webp|avif)$/

function sourceOf({ variants, mime_type, is_animated }: Attachment, url: string, isClose: boolean): string {
  const has = (name: string) => variants.some((one) => one.name === name)
  const largest = has('large') ? variantOf(url, 'large') : undefined
  if (is_animated && isStill.matches) return largest ?? variantOf(url, 'thumbnail')
  if (!SHOWN.test(mime_type)) return largest ?? variantOf(url, has('preview') ? 'preview' : 'thumbnail')
  return isClose || is_animated ? url : (largest ?? url)
}
