// On a server that somebody tries out: two people who talk, for whoever has nobody to talk to yet.
import { useEffect, useState } from 'preact/hooks'
import { client } from '../app/client.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { useWork } from '../app/work.js'
import { Button } from '../ui/button.js'
import { Fault } from '../ui/fault.js'

export function DemoButton() {
  /** Where they talk; null if they do not, undefined where there is no such thing. */
  const [room, setRoom] = useState<string | null | undefined>(undefined)
  const work = useWork()
  useEffect(() => {
    let isOver = false
    client
      .call('GET /demo')
      .then(({ conversation_id }) => {
        if (!isOver) setRoom(conversation_id)
      })
      // There is none here.
      .catch(() => undefined)
    return () => {
      isOver = true
    }
  }, [])
  if (room === undefined) return null
  const watch = async () => {
    go(`/c/${room ?? (await client.call('POST /demo')).conversation_id}`)
  }
  return (
    <>
      <Button icon="chat" isBusy={work.isBusy} onClick={() => work.run(watch)}>
        {t().demo.watch}
      </Button>
      <Fault text={work.fault} />
    </>
  )
}
