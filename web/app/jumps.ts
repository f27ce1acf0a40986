// To a message, by its address: also to the one whose address it is already.
import { computed, signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { me } from './client.js'
import { sentence } from './faults.js'
import type { History } from './history.js'
import { isStored } from './history-changes.js'
import { t } from './language.js'
import { go, place } from './router.js'
import type { Roving } from './roving.js'
import { keyOf } from './rows.js'
import type { Place, Viewport } from './viewport.js'

const turn = signal(0)

type Target = { number: number; turn: number }

const target = computed<Target | undefined>(() => {
  const at = place.value
  return at.name === 'conversation' && at.message !== undefined ? { number: at.message, turn: turn.value } : undefined
})

export function jumpTo(conversationId: string, number: number): void {
  turn.value++
  go(`/c/${conversationId}/m/${number}`)
}

type Options = {
  history: History
  view: Viewport
  roving: Roving
  conversationId: string | undefined
  /** What is to be said where no message is. */
  say: (text: string) => void
}

const FOUND_MS = 2_500
/** What was looked for stands in the upper half, with what came before it. */
const PART = 0.4

/** To the message that the address names, which gets the focus, and so is read out; back to where one was; and to the end. */
export function useJumps({ history, view, roving, conversationId, say }: Options) {
  const [found, setFound] = useState<string | undefined>(undefined)
  const origin = useRef<{ place: Place; number: number | undefined } | undefined>(undefined)
  const wanted = target.value
  const hasBegun = useRef(false)

  const show = async (number: number) => {
    try {
      await history.to(number)
    } catch (error) {
      return say(sentence(error))
    }
    const stored = history.messages.filter(isStored)
    const message = stored.find((one) => one.number >= number) ?? stored.at(-1)
    if (!message) return
    if (message.number !== number) say(t().transcript.notThere)
    const key = keyOf(message, myId())
    roving.seek(key)
    view.go({ key, bottom: view.height * PART })
    setFound(key)
  }
  const back = async ({ place: before, number }: { place: Place; number: number | undefined }) => {
    if (before === 'end' || number === undefined) history.toEnd()
    else await history.to(number).catch(() => undefined)
    view.go(before)
  }
  useEffect(() => {
    if (wanted) {
      // Whoever comes by such an address has been nowhere here before.
      const at = hasBegun.current ? view.place : 'end'
      origin.current ??= { place: at, number: numberAt(history, at) }
      show(wanted.number).catch(reportError)
    } else if (origin.current && location.pathname === `/c/${conversationId}`) {
      back(origin.current).catch(reportError)
      origin.current = undefined
    }
    hasBegun.current = true
  }, [wanted?.number, wanted?.turn])
  useEffect(() => {
    if (found === undefined) return undefined
    const timer = setTimeout(() => setFound(undefined), FOUND_MS)
    return () => clearTimeout(timer)
  }, [found, wanted?.turn])

  return {
    found,
    toEnd: () => {
      origin.current = undefined
      const at = place.peek()
      if (at.name === 'conversation' && at.message !== undefined) go(`/c/${conversationId ?? at.id}`, { replace: true })
      history.toEnd()
      view.go('end')
    },
  }
}

const myId = (): string => me.peek()?.id ?? ''

function numberAt(history: History, at: Place): number | undefined {
  const message = at === 'end' ? undefined : history.messages.find((one) => keyOf(one, myId()) === at.key)
  return message && isStored(message) ? message.number : undefined
}
