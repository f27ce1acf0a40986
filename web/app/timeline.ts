// The messages of the conversation that is on the screen.
import { effect } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { EarshotError, type Message, type Unsent } from '../../src/sdk/client.js'
import { client, status } from './client.js'
import { History } from './history.js'
import { place } from './router.js'

export type Opened =
  | { is: 'opening' | 'gone' }
  | { is: 'failed'; error: unknown; retry: () => void }
  | { is: 'open'; history: History; messages: readonly (Message | Unsent)[]; start: Start }

/** Where one begins: at the message that the address names, at the first unread one, or at the end. */
export type Start = { wanted: number | undefined; newFrom: number | undefined }

/** For a component that shows one conversation as long as it lives. What failed is tried again once there is a connection. */
export function useTimeline(id: string): Opened {
  const [opened, setOpened] = useState<Opened>({ is: 'opening' })
  useEffect(() => {
    let close: (() => void) | undefined
    let isOver = false
    let hasFailed = false

    const open = async () => {
      hasFailed = false
      setOpened({ is: 'opening' })
      try {
        const timeline = await client.open(id)
        if (isOver) return timeline.close()
        const start = startOf(id)
        let isShown = false
        const show = () => setOpened({ is: 'open', history, messages: history.messages, start })
        const history = new History(timeline, () => isShown && show())
        close = () => {
          history.close()
          timeline.close()
        }
        timeline.on('gone', () => {
          history.close()
          setOpened({ is: 'gone' })
        })
        // Without a network one begins with what there is.
        const at = start.wanted ?? start.newFrom
        if (at !== undefined) await history.to(at).catch(() => undefined)
        if (isOver || history.isOver) return
        isShown = true
        show()
      } catch (error) {
        if (isOver) return
        const isGone = error instanceof EarshotError && error.code === 'conversation.not_found'
        hasFailed = !isGone
        setOpened(isGone ? { is: 'gone' } : { is: 'failed', error, retry: () => begin() })
      }
    }
    const begin = () => {
      open().catch(reportError)
    }
    begin()
    const stop = effect(() => {
      if (status.value === 'live' && hasFailed) begin()
    })
    return () => {
      isOver = true
      stop()
      close?.()
    }
  }, [id])
  return opened
}

function startOf(id: string): Start {
  const at = place.peek()
  const { me, message_number } = client.conversation(id) ?? {}
  const unread = me?.unread_count ?? 0
  return {
    wanted: at.name === 'conversation' && at.id === id ? at.message : undefined,
    newFrom: unread > 0 && message_number !== undefined ? message_number - unread + 1 : undefined,
  }
}
