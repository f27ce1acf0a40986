// On a server that somebody tries out: two people who talk, for whoever has nobody to talk to yet.
import { useEffect, useState } from 'preact/hooks'
import { client } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { Button } from '../ui/button.js'

export function DemoButton() {
  /** Where they talk; null if they do not, undefined where there is no such thing. */
  const [room, setRoom] = useState<string | null | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | undefined>(undefined)
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
    setBusy(true)
    setFault(undefined)
    try {
      go(`/c/${room ?? (await client.call('POST /demo')).conversation_id}`)
    } catch (error) {
      setFault(sentence(error))
      setBusy(false)
    }
  }
  return (
    <>
      <Button icon="chat" isBusy={isBusy} onClick={watch}>
        {t().demo.watch}
      </Button>
      {fault && <p role="alert">{fault}</p>}
    </>
  )
}
