import { useId, useRef } from 'preact/hooks'
import { t } from '../app/language.js'
import { useWork } from '../app/work.js'
import { Avatar } from './avatar.js'
import { Button } from './button.js'
import { Fault } from './fault.js'
import { say as tell } from './toast.js'

/** What a server can make a square picture of; it looks at the bytes all the same. */
const TAKEN = 'image/png,image/jpeg,image/webp,image/gif'

type Props = {
  id: string
  name: string
  url: string
  isGroup?: boolean
  onChoose: (form: FormData) => Promise<unknown>
  onRemove: () => Promise<unknown>
}

/** Somebody's picture, or a group's, with what chooses another one. */
export function Picture({ id, name, url, isGroup, onChoose, onRemove }: Props) {
  const say = t().picture
  const input = useRef<HTMLInputElement>(null)
  const label = useId()
  const work = useWork()
  const isChosen = !url.includes('/avatars/default/')
  const choose = (file: File | undefined) => {
    if (!file) return
    work.run(async () => {
      const form = new FormData()
      form.append('file', file)
      await onChoose(form)
      tell(say.changed, 'check')
    })
  }
  return (
    <div class="chosen-picture">
      <Avatar id={id} name={name} url={url} size="large" isGroup={isGroup ?? false} />
      <div class="chosen-picture-side">
        <div class="details-row">
          <Button isBusy={work.isBusy} onClick={() => input.current?.click()}>
            {isChosen ? say.change : say.choose}
          </Button>
          {isChosen && (
            <Button
              icon="trash"
              onClick={() =>
                work.run(async () => {
                  await onRemove()
                  tell(say.removed, 'check')
                })
              }
            >
              {say.remove}
            </Button>
          )}
        </div>
        <p class="field-hint">{say.hint}</p>
        <input
          ref={input}
          id={label}
          type="file"
          accept={TAKEN}
          hidden
          aria-label={say.choose}
          onChange={(event) => {
            choose(event.currentTarget.files?.[0])
            // The same file once more is a choice too.
            event.currentTarget.value = ''
          }}
        />
        <Fault text={work.fault} />
      </div>
    </div>
  )
}
