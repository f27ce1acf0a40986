// In the place of the line that one writes in, while one speaks.
import { useEffect, useRef, useState } from 'preact/hooks'
import { EarshotError } from '../../src/sdk/client.js'
import { sentenceOf } from '../app/faults.js'
import { t } from '../app/language.js'
import { lengthOf } from '../app/measures.js'
import { record } from '../app/recorder.js'
import type { Tray } from '../app/tray.js'
import { IconButton } from '../ui/button.js'
import { Icon } from '../ui/icon.js'
import type { Recording } from './voice-button.js'
import { Wave } from './wave.js'

/** A shorter press is a click. */
const HELD_MS = 500
const SHORTEST_MS = 400
const LONGEST_MS = 15 * 60_000
const BARS = 40

type Props = { tray: Tray; recording: Recording; onEnd: () => void }

export function VoiceBar({ tray, recording: { held }, onEnd }: Props) {
  const say = t().voice
  const cancel = useRef<HTMLDivElement>(null)
  const [levels, setLevels] = useState<number[]>(() => Array<number>(BARS).fill(0))
  const [ms, setMs] = useState<number | undefined>(undefined)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const finish = useRef<() => void>(() => undefined)

  useEffect(() => {
    let taken: Awaited<ReturnType<typeof record>> | undefined
    let isOver = false
    let since = 0
    const end = () => {
      isOver = true
      onEnd()
    }
    const send = async () => {
      if (!taken || isOver) return
      if (performance.now() - since < SHORTEST_MS) {
        taken.cancel()
        return end()
      }
      isOver = true
      const file = await taken.finish()
      tray.add([file], { isVoice: true })
      tray.send('')
      end()
    }
    finish.current = () => {
      send().catch(reportError)
    }
    const onLevel = (level: number) => {
      const now = performance.now() - since
      setMs(now)
      setLevels((before) => [...before.slice(1), level * 100])
      if (now > LONGEST_MS) finish.current()
    }
    held
      ?.then((ms) => {
        if (ms > HELD_MS) finish.current()
      })
      .catch(reportError)
    record((level) => {
      if (since > 0) onLevel(level)
    })
      .then((recording) => {
        taken = recording
        if (isOver) return recording.cancel()
        since = performance.now()
        setMs(0)
      })
      .catch((error) => {
        if (!isOver) setFault(sentenceOf(error instanceof EarshotError ? error.code : 'voice.failed'))
      })
    return () => {
      if (!isOver) taken?.cancel()
      isOver = true
    }
  }, [])
  // Whoever began it by keys goes on by keys.
  useEffect(() => cancel.current?.querySelector<HTMLElement>('.voice-first button')?.focus(), [fault])

  if (fault !== undefined) {
    return (
      <div class="composer voice" ref={cancel}>
        <p class="voice-fault" role="alert">
          <Icon name="warning" />
          <span>{fault}</span>
        </p>
        <span class="voice-first">
          <IconButton icon="close" label={t().app.close} onClick={onEnd} />
        </span>
      </div>
    )
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      class="composer voice"
      ref={cancel}
      role="group"
      aria-label={say.recording}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onEnd()
      }}
    >
      <IconButton icon="trash" label={say.cancel} onClick={onEnd} />
      <div class="voice-sign">
        <span class="voice-dot" aria-hidden="true" />
        <span role="timer" aria-label={say.length}>
          {lengthOf((ms ?? 0) / 1_000)}
        </span>
        <Wave values={levels} part={1} />
      </div>
      <span class="unseen" role="status">
        {ms === undefined ? say.asking : say.recording}
      </span>
      <span class="voice-first">
        <IconButton icon="send" kind="primary" label={say.send} onClick={() => finish.current()} />
      </span>
    </div>
  )
}
