import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Message, Unsent } from '../../src/sdk/client.js'
import { client } from '../app/client.js'
import { type Drafting, drafting, draftingIn, drafts, useTyping } from '../app/drafting.js'
import { sentence } from '../app/faults.js'
import { isStored } from '../app/history-changes.js'
import { t } from '../app/language.js'
import { canRecord } from '../app/recorder.js'
import { trayOf } from '../app/tray.js'
import { IconButton } from '../ui/button.js'
import { isComposing } from '../ui/composing.js'
import { AttachButton, pasteFiles } from './attach-button.js'
import { DraftingBar } from './drafting-bar.js'
import { FileTray } from './file-tray.js'
import { isEditable } from './message-menu.js'
import { VoiceBar } from './voice-bar.js'
import { type Recording, VoiceButton } from './voice-button.js'

const isFine = matchMedia('(hover: hover) and (pointer: fine)')

type Props = { conversationId: string; messages: readonly (Message | Unsent)[] }

export function Composer({ conversationId, messages }: Props) {
  const [text, setText] = useState(drafts.get(conversationId) ?? '')
  const area = useRef<HTMLTextAreaElement>(null)
  const at = draftingIn(conversationId)
  const edited = at?.kind === 'edit' ? at.message : undefined
  const [isSaving, setSaving] = useState(false)
  const [refused, setRefused] = useState<{ at: Drafting; fault: string } | undefined>(undefined)
  const typing = useTyping(conversationId)
  const tray = trayOf(conversationId)
  const [recording, setRecording] = useState<Recording | undefined>(undefined)
  const focus = () => area.current?.focus()
  // Those of a message that waits for them are no more of the one that is written now.
  const hasFiles = !edited && !tray.isEmpty.value && tray.held.value === undefined
  // A keyboard that slides in by itself would hide what one came to read. Whoever came to a message is there.
  useEffect(() => {
    const isAtMessage = document.activeElement?.closest('.messages') !== null
    if (isFine.matches && !isAtMessage) area.current?.focus({ preventScroll: true })
  }, [])
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
    // What is written anew is no draft; the draft waits meanwhile.
    if (edited) return
    if (text) drafts.set(conversationId, text)
    else drafts.delete(conversationId)
  }, [text, conversationId, edited])
  useLayoutEffect(() => {
    if (!at) return undefined
    if (edited) setText(edited.content ?? '')
    area.current?.focus({ preventScroll: true })
    return () => {
      if (edited) setText(drafts.get(conversationId) ?? '')
    }
  }, [at])

  const end = () => {
    drafting.value = undefined
    area.current?.focus()
  }
  const save = async (now: Drafting, content: string) => {
    if (content === now.message.content) return end()
    setSaving(true)
    try {
      await client.call('PATCH /messages/{id}', { path: { id: now.message.id }, body: { content } })
      if (drafting.peek() === now) end()
    } catch (error) {
      setRefused({ at: now, fault: sentence(error) })
    } finally {
      setSaving(false)
    }
  }
  const send = (): unknown => {
    const content = text.trim()
    area.current?.focus()
    if (isEmpty || isSaving) return
    if (at && edited) return save(at, content).catch(reportError)
    const more = at ? { reply_to_id: at.message.id } : {}
    if (hasFiles) tray.send(content, more)
    // What is refused stands in the timeline, with the reason.
    else client.send(conversationId, content, more).catch(() => undefined)
    setText('')
    typing.stopped()
    if (at) end()
  }
  const endRecording = () => {
    setRecording(undefined)
    requestAnimationFrame(focus)
  }
  const isEmpty = text.trim() === '' && !hasFiles
  return (
    <div class="composer-frame">
      <FileTray tray={tray} onEmptied={focus} />
      {recording && <VoiceBar tray={tray} recording={recording} onEnd={endRecording} />}
      <form
        class="composer"
        hidden={recording !== undefined}
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        {at && <DraftingBar at={at} fault={refused?.at === at ? refused.fault : undefined} onEnd={end} />}
        {!edited && <AttachButton tray={tray} onChosen={focus} />}
        <textarea
          ref={area}
          rows={1}
          value={text}
          dir="auto"
          aria-label={edited ? t().actions.edit : t().composer.label}
          placeholder={t().composer.placeholder}
          enterkeyhint={isFine.matches ? 'send' : 'enter'}
          onInput={({ currentTarget: { value } }) => {
            setText(value)
            if (!edited) typing.typed(value)
          }}
          onBlur={typing.stopped}
          onPaste={(event) => {
            if (!edited) pasteFiles(event, tray)
          }}
          onKeyDown={(event) => {
            if (isComposing(event)) return
            if (event.key === 'Escape' && at) {
              event.preventDefault()
              return end()
            }
            const last =
              event.key === 'ArrowUp' && !text && !at ? messages.filter(isStored).findLast(isEditable) : undefined
            if (last) {
              event.preventDefault()
              drafting.value = { kind: 'edit', message: last }
            }
            // The Enter that ends a composition is part of a word.
            if (event.key !== 'Enter' || event.shiftKey || !isFine.matches) return
            event.preventDefault()
            send()
          }}
        />
        {isEmpty && !edited && tray.isEmpty.value && canRecord() ? (
          <VoiceButton onStart={setRecording} />
        ) : (
          <IconButton
            icon={edited ? 'check' : 'send'}
            type="submit"
            kind="primary"
            label={edited ? t().actions.save : t().composer.send}
            isDisabled={isEmpty || isSaving}
          />
        )}
      </form>
    </div>
  )
}
