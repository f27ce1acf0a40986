import type { ComponentChildren } from 'preact'
import { t } from '../app/language.js'
import { useWork } from '../app/work.js'
import { Button } from './button.js'
import { Dialog } from './dialog.js'
import { Fault } from './fault.js'

type Props = {
  title: string
  /** What the button says: what happens, never "OK". */
  action: string
  children: ComponentChildren
  isHarmless?: boolean
  onClose: () => void
  /** Whatever it throws is said, and the question stays; so it does for `false`. */
  onConfirm: () => Promise<unknown>
}

/** Asks before what cannot be taken back. */
export function Confirm({ title, action, children, isHarmless, onClose, onConfirm }: Props) {
  const work = useWork()
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <Fault text={work.fault} />
      <p class="dialog-foot">
        <Button onClick={onClose}>{t().app.cancel}</Button>
        <Button
          kind={isHarmless ? 'primary' : 'danger'}
          isBusy={work.isBusy}
          onClick={() =>
            work.run(async () => {
              if ((await onConfirm()) !== false) onClose()
            })
          }
        >
          {action}
        </Button>
      </p>
    </Dialog>
  )
}
