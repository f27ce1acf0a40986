// What is to go with the next message: above the line that one writes in.
import { useRef } from 'preact/hooks'
import { t } from '../app/language.js'
import { bytesOf, percentOf } from '../app/measures.js'
import { mayRepeat, type Progress, type Tray, type Tried } from '../app/tray.js'
import { IconButton } from '../ui/button.js'
import { Icon } from '../ui/icon.js'
import { ICON_OF } from './file-card.js'

/** `onEmptied`: the last one was removed by whoever writes, and its button is gone. */
export function FileTray({ tray, onEmptied }: { tray: Tray; onEmptied: () => void }) {
  const say = t().files
  const list = useRef<HTMLUListElement>(null)
  const files = tray.files.value
  const held = tray.held.value
  const remove = (one: Tried) => {
    const index = files.indexOf(one)
    tray.remove(one)
    if (files.length === 1) return onEmptied()
    // The next one takes its place.
    requestAnimationFrame(() => {
      const rows = list.current?.children
      const row = rows?.[Math.min(index, rows.length - 1)]
      row?.querySelector<HTMLElement>('.remove button')?.focus()
    })
  }
  return (
    <section class={files.length > 0 ? 'tray' : 'tray unseen'} aria-label={say.tray}>
      {files.length > 0 && (
        <ul ref={list}>
          {files.map((one) => (
            <Row key={one.key} one={one} onRetry={() => tray.retry(one)} onRemove={() => remove(one)} />
          ))}
        </ul>
      )}
      <div role="status" class="tray-note">
        {held && (
          <p>
            {say.held} {held.content && <q dir="auto">{held.content}</q>}
          </p>
        )}
        {tray.surplus.value > 0 && <p>{say.surplus(tray.surplus.value)}</p>}
        <p class="unseen">{summaryOf(files)}</p>
      </div>
    </section>
  )
}

function Row({ one, onRetry, onRemove }: { one: Tried; onRetry: () => void; onRemove: () => void }) {
  const say = t().files
  const { file, kind, url } = one
  const now = one.progress.value
  const isOver = now.is === 'here' || now.is === 'failed'
  const name = kind === 'voice' ? t().message.kinds.voice : file.name
  return (
    <li class={`tray-row ${now.is}`}>
      <span class="tray-picture">{url ? <img src={url} alt="" /> : <Icon name={ICON_OF[kind]} size={24} />}</span>
      <span class="file-words">
        <bdi class="file-name">{name}</bdi>
        <span class="file-note">
          {now.is === 'failed' && <Icon name="warning" size={14} />}
          {now.is === 'here' && <Icon name="check" size={14} />}
          <span>{noteOf(now, file.size)}</span>
        </span>
        {!isOver && (
          <progress
            value={now.is === 'going' ? now.part : now.is === 'taking' ? 1 : 0}
            max={1}
            aria-label={say.progress(name)}
          />
        )}
      </span>
      {mayRepeat(now) && <IconButton icon="retry" label={say.retry(name)} onClick={onRetry} />}
      <span class="remove">
        <IconButton icon="close" label={isOver ? say.remove(name) : say.cancel(name)} onClick={onRemove} />
      </span>
    </li>
  )
}

function noteOf(now: Progress, size: number): string {
  const say = t().files
  switch (now.is) {
    case 'failed':
      return now.why
    case 'going':
      return `${bytesOf(size)} · ${percentOf(now.part)}`
    case 'taking':
      return `${bytesOf(size)} · ${say.taking}`
    case 'waiting':
      return `${bytesOf(size)} · ${say.waiting}`
    case 'here':
      return bytesOf(size)
  }
}

/** Said when it is another one: not at each percent. */
function summaryOf(files: readonly Tried[]): string {
  if (files.length === 0) return ''
  const states = files.map(({ progress }) => progress.value.is)
  const here = states.filter((is) => is === 'here').length
  const failed = states.filter((is) => is === 'failed').length
  const { ready, refused } = t().files
  return failed > 0 ? `${ready(here, files.length)} ${refused(failed)}` : ready(here, files.length)
}
