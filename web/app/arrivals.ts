// What comes while a conversation is on the screen, said to whoever does not see it: a burst of messages in one sentence.
import { useEffect, useState } from 'preact/hooks'
import type { Message } from '../../src/sdk/client.js'
import { client, me } from './client.js'
import { listOf } from './format.js'
import { t } from './language.js'
import { person } from './people.js'
import { gist, nameOf } from './titles.js'

/** So long nothing more has come, or so long it has waited at most. */
const QUIET_MS = 1_000
const PATIENCE_MS = 4_000
/** What was said goes from the page again: nobody shall find it there later. */
const SAID_MS = 5_000
const NAMED_MAX = 2
const GIST_LENGTH = 200

export function useArrivals(conversationId: string | undefined): string {
  const [said, setSaid] = useState('')
  useEffect(() => {
    let come: { author: string; text: string }[] = []
    let since = 0
    let timer: number | undefined
    const tell = () => {
      setSaid(sentenceOf(come))
      come = []
      timer = setTimeout(() => setSaid(''), SAID_MS)
    }
    const stop = client.on('event', ({ type, stream, data }) => {
      const message = data as Message
      if (type !== 'message.created' || stream !== conversationId || !message.sender_id) return
      if (message.sender_id === me.peek()?.id) return
      if (come.length === 0) since = performance.now()
      come.push({ author: message.sender_id, text: gist(message).slice(0, GIST_LENGTH) })
      clearTimeout(timer)
      timer = setTimeout(tell, Math.max(0, Math.min(QUIET_MS, since + PATIENCE_MS - performance.now())))
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [conversationId])
  return said
}

function sentenceOf(come: readonly { author: string; text: string }[]): string {
  const say = t().transcript
  const names = [...new Set(come.map(({ author }) => author))].map((id) => nameOf(person(id)))
  const [first = ''] = names
  if (come.length === 1) return say.arrivedOne(first, come[0]?.text ?? '')
  return say.arrived(come.length, names.length > NAMED_MAX ? say.andOthers(first) : listOf(names))
}
