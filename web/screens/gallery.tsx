// Pictures and films of one message. Each has its place before anything of it has come.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Attachment } from '../../src/sdk/client.js'
import { BLUR_SIDE, drawBlurhash } from '../app/blurhash.js'
import { renewLink, useFileLink, variantOf } from '../app/file-links.js'
import { t } from '../app/language.js'
import { fileNameOf } from '../app/titles.js'
import { Spinner } from '../ui/spinner.js'
import { FileCard } from './file-card.js'
import { openViewer } from './open-viewer.js'

/** Of one alone, in pixels of the page; of several each has a square. */
const LARGEST = 320
const LEAST = 88
const TILE = 160
/** Until it is known how large it is. */
const UNKNOWN = { width: 240, height: 180 }

export const isStill = matchMedia('(prefers-reduced-motion: reduce)')

export function Gallery({ files }: { files: Attachment[] }) {
  const pictures = files.filter(({ kind, state }) => kind === 'image' && state === 'ready')
  const isAlone = files.length === 1
  return (
    <ul
      class={isAlone ? 'gallery alone' : 'gallery'}
      aria-label={isAlone ? undefined : t().files.gallery(files.length)}
    >
      {files.map((file) => (
        <li key={file.id}>
          <Frame file={file} isAlone={isAlone}>
            {file.kind === 'video' && file.state !== 'processing' ? (
              <Film file={file} />
            ) : file.state === 'processing' ? (
              <Preparing />
            ) : (
              <PictureButton file={file} pictures={pictures} px={isAlone ? sizeOf(file).width : TILE} />
            )}
          </Frame>
        </li>
      ))}
    </ul>
  )
}

function Frame({ file, isAlone, children }: { file: Attachment; isAlone: boolean; children: ComponentChildren }) {
  const { width, height } = sizeOf(file)
  // Set by its properties, which the policy of the page allows; the attribute it does not.
  const style = isAlone ? { inlineSize: `${width}px`, aspectRatio: `${width} / ${height}` } : {}
  return (
    <div class="frame" style={style}>
      {children}
    </div>
  )
}

function sizeOf({ width, height }: Attachment): { width: number; height: number } {
  if (!width || !height) return UNKNOWN
  const scale = Math.min(1, LARGEST / width, LARGEST / height)
  return { width: Math.max(LEAST, Math.round(width * scale)), height: Math.max(LEAST, Math.round(height * scale)) }
}

function Preparing() {
  return (
    <span class="preparing">
      <Spinner />
      <span>{t().files.preparing}</span>
    </span>
  )
}

function PictureButton({ file, pictures, px }: { file: Attachment; pictures: Attachment[]; px: number }) {
  const index = pictures.findIndex(({ id }) => id === file.id)
  return (
    <button
      type="button"
      class="picture"
      aria-haspopup="dialog"
      aria-label={t().files.open(fileNameOf(file), index + 1, pictures.length)}
      onClick={() => openViewer(pictures, index)}
    >
      <Picture file={file} px={px} />
    </button>
  )
}

/** `px`: how wide it is shown. */
function Picture({ file, px }: { file: Attachment; px: number }) {
  const url = useFileLink(file.id)
  const [isShown, setShown] = useState(false)
  return (
    <>
      {file.blurhash && !isShown && <Blur hash={file.blurhash} />}
      {url && (
        <img
          {...sourcesOf(file, url)}
          sizes={`${px}px`}
          alt=""
          loading="lazy"
          decoding="async"
          onLoad={() => setShown(true)}
          onError={() => renewLink(file.id)}
        />
      )}
    </>
  )
}

function Blur({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    if (canvas.current) drawBlurhash(hash, canvas.current)
  }, [hash])
  return <canvas class="blur" ref={canvas} width={BLUR_SIDE} height={BLUR_SIDE} />
}

/** What is there of it in several sizes. One that moves has but one size in which it does, and stands still for whoever wants that. */
function sourcesOf({ variants, width, is_animated }: Attachment, url: string): { src: string; srcset?: string } {
  const find = (...names: string[]) => names.map((name) => variants.find((one) => one.name === name)).find(Boolean)
  if (is_animated) {
    const chosen = isStill.matches ? find('large', 'thumbnail') : find('preview')
    return { src: chosen ? variantOf(url, chosen.name) : url }
  }
  const sizes = variants.map((one) => ({ url: variantOf(url, one.name), width: one.width }))
  // Of a small one there is nothing larger than itself.
  if (width && !find('large')) sizes.push({ url, width })
  const srcset = sizes.map((one) => `${one.url} ${one.width}w`).join(', ')
  const src = sizes.find((one) => one.width >= LARGEST)?.url ?? url
  return srcset ? { src, srcset } : { src }
}

function Film({ file }: { file: Attachment }) {
  const url = useFileLink(file.id)
  const [isRefused, setRefused] = useState(false)
  if (isRefused) return <FileCard file={file} />
  const poster = url && file.variants.length > 0 ? variantOf(url, 'preview') : undefined
  return (
    // biome-ignore lint/a11y/useMediaCaption: whoever sent it has written none
    <video
      controls
      playsInline
      preload="none"
      src={url}
      poster={poster}
      aria-label={t().files.film(fileNameOf(file))}
      onError={() => {
        // With a new address it cannot be the address: this browser does not play it.
        if (url && !renewLink(file.id)) setRefused(true)
      }}
    />
  )
}
