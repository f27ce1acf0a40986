import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { client } from '../app/client.js'
import { t } from '../app/language.js'
import { IconButton } from '../ui/button.js'

/** What was begun, by conversation, for as long as the page is open. */
const drafts = new Map<string, string>()
const isFine = matchMedia('(hover: hover) and (pointer: fine)')

export function Composer({ conversationId }: { conversationId: string }) {
  const [text, setText] = useState(drafts.get(conversationId) ?? '')
  const area = useRef<HTMLTextAreaElement>(null)
  // A keyboard that slides in by itself would hide what one came to read.
  useEffect(() => {
    if (isFine.matches) area.current?.focus({ preventScroll: true })
  }, [])
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
    if (text) drafts.set(conversationId, text)
    else drafts.delete(conversationId)
  }, [text, conversationId])

  const send = () => {
    const content = text.trim()
    area.current?.focus()
    if (!content) return
    // What is refused stands in the timeline, with the reason.
    client.send(conversationId, content).catch(() => undefined)
    setText('')
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={area}
        rows={1}
        value={text}
        dir="auto"
        aria-label={t().composer.label}
        placeholder={t().composer.placeholder}
        enterkeyhint={isFine.matches ? 'send' : 'enter'}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          // The Enter that ends a composition is part of a word.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !isFine.matches) return
          event.preventDefault()
          send()
        }}
      />
      <IconButton icon="send" type="submit" kind="primary" label={t().composer.send} isDisabled={text.trim() === ''} />
    </form>
  )
}
