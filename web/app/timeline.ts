// The messages of the conversation that is on the screen.
import { effect } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { EarshotError, type Message, type Timeline, type Unsent } from '../../src/sdk/client.js'
import { client, status } from './client.js'

export type Opened =
  | { is: 'opening' | 'gone' }
  | { is: 'failed'; error: unknown; retry: () => void }
  | { is: 'open'; timeline: Timeline; messages: readonly (Message | Unsent)[]; hasOlder: boolean }

/** For a component that shows one conversation as long as it lives. What failed is tried again once there is a connection. */
export function useTimeline(id: string): Opened {
  const [opened, setOpened] = useState<Opened>({ is: 'opening' })
  useEffect(() => {
    let timeline: Timeline | undefined
    let isOver = false
    let hasFailed = false

    const show = (one: Timeline) => {
      setOpened({ is: 'open', timeline: one, messages: one.messages, hasOlder: one.hasOlder })
    }
    const open = async () => {
      hasFailed = false
      setOpened({ is: 'opening' })
      try {
        const found = await client.open(id)
        if (isOver) return found.close()
        timeline = found
        found.on('change', () => show(found))
        found.on('gone', () => setOpened({ is: 'gone' }))
        show(found)
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
      timeline?.close()
    }
  }, [id])
  return opened
}
