import { listOf } from '../app/format.js'
import { t } from '../app/language.js'
import { person } from '../app/people.js'
import { nameOf } from '../app/titles.js'
import { typistsIn } from '../app/typists.js'

const NAMED_MAX = 2

/** Who writes just now. There is always room for it, so that nothing moves when it comes and goes. */
export function TypingLine({ conversationId }: { conversationId: string | undefined }) {
  const ids = conversationId === undefined ? [] : typistsIn(conversationId)
  const say = t().transcript
  const names = ids.slice(0, NAMED_MAX).map((id) => nameOf(person(id)))
  const others = ids.length - names.length
  const text = others > 0 ? say.typingMany(names.join(say.comma), others) : say.typing(names.length, listOf(names))
  return (
    <p class="typing" role="status">
      {ids.length > 0 && (
        <>
          <span class="typing-dots" aria-hidden="true" />
          <span class="typing-words">{text}</span>
        </>
      )}
    </p>
  )
}
