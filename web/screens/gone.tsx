import type { Conversation } from '../../src/sdk/client.js'
import { departureOf } from '../app/departures.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { titleOf } from '../app/titles.js'
import { Button } from '../ui/button.js'
import { Notice } from '../ui/notice.js'

/** Where a conversation was, or never has been; said aloud, for it comes without being asked for. */
export function Gone({ id, was }: { id: string; was: Conversation | undefined }) {
  const departure = departureOf(id)
  const say = t().gone
  const title = was ? titleOf(was) : undefined
  return (
    <div class="pane-middle" id="messages" role="alert">
      <Notice
        icon={departure === 'removed' || departure === 'banned' ? 'ban' : 'chat'}
        title={departure && title ? say.titles[departure](title) : t().pane.goneTitle}
      >
        <p>{departure ? say.texts[departure] : t().pane.goneText}</p>
        <Button onClick={() => go('/')}>{t().pane.home}</Button>
      </Notice>
    </div>
  )
}
