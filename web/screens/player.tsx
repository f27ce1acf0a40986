// Something to listen to. What one drags, and moves by keys, is a slider of the browser's own, over the picture of the sound.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Attachment } from '../../src/sdk/client.js'
import { renewLink, useFileLink } from '../app/file-links.js'
import { t } from '../app/language.js'
import { lengthOf } from '../app/measures.js'
import { fileNameOf } from '../app/titles.js'
import { IconButton } from '../ui/button.js'
import { FileCard } from './file-card.js'
import { Wave } from './wave.js'

/** By one key. */
const STEP_S = 5
/** The server makes fewer; what another one has written there may be endless. */
const BARS_MAX = 256
/** What has no picture has an even one. */
const EVEN = Array<number>(64).fill(18)

/** One at a time. */
let playing: HTMLAudioElement | undefined

export function Player({ file }: { file: Attachment }) {
  const { id, kind, waveform, duration_ms } = file
  const say = t().files
  const url = useFileLink(id)
  const audio = useRef<HTMLAudioElement>(null)
  const [isPlaying, setPlaying] = useState(false)
  const [isRefused, setRefused] = useState(false)
  const [at, setAt] = useState(0)
  const [length, setLength] = useState((duration_ms ?? 0) / 1_000)
  useEffect(() => {
    if (duration_ms !== null) setLength(duration_ms / 1_000)
  }, [duration_ms])
  if (isRefused) return <FileCard file={file} />

  const name = kind === 'voice' ? t().message.kinds.voice : fileNameOf(file)
  const seek = (to: number) => {
    const bounded = Math.min(length, Math.max(0, to))
    setAt(bounded)
    if (audio.current) audio.current.currentTime = bounded
  }
  const toggle = () => {
    const element = audio.current
    if (!element || !url) return
    if (!element.paused) return element.pause()
    if (playing !== element) playing?.pause()
    playing = element
    // What cannot be played says so by its error.
    element.play().catch(() => undefined)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const isBackwards = document.documentElement.dir === 'rtl'
    const steps: Record<string, number> = {
      ArrowUp: STEP_S,
      ArrowDown: -STEP_S,
      ArrowRight: isBackwards ? -STEP_S : STEP_S,
      ArrowLeft: isBackwards ? STEP_S : -STEP_S,
    }
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    seek(at + step)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div class="player" role="group" aria-label={name}>
      {/* biome-ignore lint/a11y/useMediaCaption: what somebody has said has none */}
      <audio
        ref={audio}
        src={url}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => seek(0)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onDurationChange={({ currentTarget: { duration } }) => {
          // Of a recording that says no length it is known only to the server.
          if (duration_ms === null && Number.isFinite(duration)) setLength(duration)
        }}
        onError={() => {
          if (url && !renewLink(id)) setRefused(true)
        }}
      />
      <IconButton icon={isPlaying ? 'pause' : 'play'} label={isPlaying ? say.pause : say.play} onClick={toggle} />
      <div class="player-main">
        {kind === 'audio' && <bdi class="file-name">{name}</bdi>}
        <div class="track">
          <Wave values={waveform?.slice(0, BARS_MAX) ?? EVEN} part={length > 0 ? at / length : 0} />
          <input
            type="range"
            min={0}
            max={length || 1}
            step={0.1}
            value={at}
            aria-label={say.position}
            aria-valuetext={say.positionOf(lengthOf(at), lengthOf(length))}
            onInput={(event) => seek(Number(event.currentTarget.value))}
            onKeyDown={onKeyDown}
          />
        </div>
        <span class="file-note" aria-hidden="true">
          {lengthOf(isPlaying || at > 0 ? at : length)}
        </span>
      </div>
    </div>
  )
}
