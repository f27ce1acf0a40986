import type { Drafting } from '../app/drafting.js'
import { t } from '../app/language.js'
import { person } from '../app/people.js'
import { gist, nameOf } from '../app/titles.js'
import { IconButton } from '../ui/button.js'
import { Icon } from '../ui/icon.js'

/** Above what one writes: which message it answers, or which it replaces, and why that was refused. */
export function DraftingBar({ at, fault, onEnd }: { at: Drafting; fault: string | undefined; onEnd: () => void }) {
  const { kind, message } = at
  const say = t().actions
  const title = kind === 'edit' ? say.editing : t().message.replyTo(nameOf(person(message.sender_id ?? '')))
  return (
    <div class="drafting">
      <Icon name={kind} />
      <div class="drafting-words">
        <p class="drafting-title" role="status">
          {title}
        </p>
        <p class="drafting-text" dir="auto">
          {gist(message)}
        </p>
        {fault && (
          <p class="drafting-fault" role="alert">
            {fault}
          </p>
        )}
      </div>
      <IconButton icon="close" label={kind === 'edit' ? say.endEdit : say.endReply} onClick={onEnd} />
    </div>
  )
}
