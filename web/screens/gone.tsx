import type { Conversation } from '../../src/sdk/client.js'
import { outbox } from '../app/client.js'
import { departureOf } from '../app/departures.js'
import { useKeptFocus } from '../app/kept-focus.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { titleOf } from '../app/titles.js'
import { Button } from '../ui/button.js'
import { Notice } from '../ui/notice.js'
import { Files } from './files.js'
import { Failed } from './message.js'

/** Where a conversation was, or never has been; said aloud, for it comes without being asked for. */
export function Gone({ id, was }: { id: string; was: Conversation | undefined }) {
  const departure = departureOf(id)
  const say = t().gone
  const title = was ? titleOf(was) : undefined
  return (
    <div class="pane-middle gone" id="messages">
      <div role="alert">
        <Notice
          icon={departure === 'removed' || departure === 'banned' ? 'ban' : 'chat'}
          title={departure && title ? say.titles[departure](title) : t().pane.goneTitle}
        >
          <p>{departure ? say.texts[departure] : t().pane.goneText}</p>
          <Button onClick={() => go('/')}>{t().pane.home}</Button>
        </Notice>
      </div>
      <Unsent id={id} />
    </div>
  )
}

/** What I wrote there and nobody has got is mine to take away. */
function Unsent({ id }: { id: string }) {
  const list = useKeptFocus<HTMLUListElement>('.failed-note button:last-of-type', '.gone .button')
  const unsent = outbox.value.filter((one) => one.conversation_id === id && one.state === 'failed')
  if (unsent.length === 0) return null
  return (
    <ul class="unsent" aria-label={t().message.failed} ref={list.ref}>
      {unsent.map((one) => (
        <li key={one.client_id} class="message mine failed first last">
          <div class="message-column">
            <div class="bubble">
              <Files message={one} />
              {one.content && (
                <p class="words" dir="auto">
                  {one.content}
                </p>
              )}
            </div>
            <Failed message={one} />
          </div>
        </li>
      ))}
    </ul>
  )
}
