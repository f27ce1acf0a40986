import { useRef, useState } from 'preact/hooks'
import type { Conversation, Message, Unsent } from '../../src/sdk/client.js'
import { client, me } from '../app/client.js'
import { copy } from '../app/clipboard.js'
import { drafting, reply } from '../app/drafting.js'
import { isStored } from '../app/history-changes.js'
import { jumpTo } from '../app/jumps.js'
import { t } from '../app/language.js'
import { may } from '../app/permissions.js'
import type { Roving } from '../app/roving.js'
import type { Row } from '../app/rows.js'
import { ContextMenu, type Point } from '../ui/context-menu.js'
import { lazy, Unseen } from '../ui/lazy.js'
import { useLongPress } from '../ui/long-press.js'
import { MenuItem } from '../ui/menu.js'
import { say } from '../ui/toast.js'

type Options = { rows: readonly Row[]; roving: Roving; conversation: Conversation | undefined }
type Open = { message: Message | Unsent; at: Point }
type Asked = { message: Message; about: 'delete' | 'details' }

const DeleteMessage = lazy(async () => (await import('./delete-message.js')).DeleteMessage, Unseen)
const MessageDetails = lazy(async () => (await import('./message-details.js')).MessageDetails, Unseen)

/** What can be done with a message: by its button, the other button of the mouse, a long touch, or keys. */
export function useMessageMenu({ rows, roving, conversation }: Options) {
  const [open, setOpen] = useState<Open | undefined>(undefined)
  const [asked, setAsked] = useState<Asked | undefined>(undefined)
  const close = useRef((isBack: boolean) => {
    setOpen(undefined)
    if (isBack) back.current()
  })
  const back = useRef(roving.restore)
  back.current = roving.restore

  const show = (row: HTMLElement | null | undefined, at?: Point): boolean => {
    const found = rows.find(({ key }) => key === row?.dataset.key)
    if (!row || found?.kind !== 'message') return false
    const { left, right, bottom } = (row.querySelector('.bubble') ?? row).getBoundingClientRect()
    const isMirrored = document.documentElement.dir === 'rtl'
    roving.move(found.key)
    setOpen({ message: found.message, at: at ?? { x: isMirrored ? right : left, y: bottom + 4 } })
    return true
  }
  const rowOf = (event: Event) => (event.target as HTMLElement).closest<HTMLElement>('[data-key]')
  const touch = useLongPress((event) => show(rowOf(event), { x: event.clientX, y: event.clientY }))

  const element = (
    <>
      {open && (
        <ContextMenu label={t().actions.menu} at={open.at} onClose={close.current}>
          <Items message={open.message} conversation={conversation} onAsk={setAsked} onBack={roving.restore} />
        </ContextMenu>
      )}
      {asked?.about === 'delete' && (
        <DeleteMessage message={asked.message} role={conversation?.me.role} onClose={() => end()} />
      )}
      {asked?.about === 'details' && <MessageDetails message={asked.message} onClose={() => end()} />}
    </>
  )
  const end = () => {
    setAsked(undefined)
    // Once the dialog has given the focus to what may be gone; whoever has gone on meanwhile is not taken back.
    setTimeout(() => {
      const at = document.activeElement
      if (at === document.body || at?.closest('.messages')) back.current()
    })
  }
  return {
    element,
    onKeyDown: (event: KeyboardEvent): boolean => {
      const row = event.target as HTMLElement
      const isAsked = event.key === 'Enter' || event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)
      if (!isAsked || row.dataset.key === undefined || !show(row)) return false
      event.preventDefault()
      return true
    },
    pointers: {
      ...touch,
      onClick: (event: MouseEvent) => {
        const button = (event.target as HTMLElement).closest('.message-more')
        if (!button) return
        const { left, right, bottom } = button.getBoundingClientRect()
        show(rowOf(event), { x: document.documentElement.dir === 'rtl' ? right : left, y: bottom + 4 })
      },
      onContextMenu: (event: MouseEvent) => {
        const isText = getSelection()?.isCollapsed === false
        // What the browser has to say about a link or a selected text is of more use.
        if (isText || (event.target as HTMLElement).closest('a, audio, video')) return
        if (show(rowOf(event), { x: event.clientX, y: event.clientY })) event.preventDefault()
      },
    },
  }
}

type ItemsProps = {
  message: Message | Unsent
  conversation: Conversation | undefined
  onAsk: (asked: Asked) => void
  onBack: () => void
}

function Items({ message, conversation, onAsk, onBack }: ItemsProps) {
  const words = t().actions
  const text = message.content
  const copyText = async () => {
    onBack()
    const isCopied = await copy(text ?? '')
    say(isCopied ? words.copied : words.notCopied, isCopied ? 'check' : 'warning')
  }
  const copyItem = text ? (
    <MenuItem icon="copy" onClick={() => copyText().catch(reportError)}>
      {words.copy}
    </MenuItem>
  ) : null
  if (!isStored(message)) {
    return (
      <>
        {copyItem}
        <MenuItem
          icon="trash"
          onClick={() => {
            onBack()
            client.discard(message.client_id)
          }}
        >
          {t().message.discard}
        </MenuItem>
      </>
    )
  }
  const ask = (about: Asked['about']) => {
    // The dialog gives the focus back to where it is now.
    onBack()
    onAsk({ message, about })
  }
  const isDeleted = message.deleted_at !== null
  const maySend = conversation !== undefined && may(conversation.me.role, 'message.send')
  const { reply_to } = message
  return (
    <>
      {!isDeleted && maySend && (
        <MenuItem icon="reply" onClick={() => reply(message)}>
          {words.reply}
        </MenuItem>
      )}
      {reply_to && (
        <MenuItem icon="chat" onClick={() => jumpTo(message.conversation_id, reply_to.number)}>
          {words.showQuoted}
        </MenuItem>
      )}
      {copyItem}
      {isEditable(message) && maySend && (
        <MenuItem
          icon="edit"
          onClick={() => {
            drafting.value = { kind: 'edit', message }
          }}
        >
          {words.edit}
        </MenuItem>
      )}
      <MenuItem icon="info" onClick={() => ask('details')}>
        {words.details}
      </MenuItem>
      <MenuItem icon="trash" onClick={() => ask('delete')}>
        {words.delete}
      </MenuItem>
    </>
  )
}

/** Whether it is still time, the server knows. */
export function isEditable(message: Message): boolean {
  const isText = message.content !== null && message.deleted_at === null
  return isText && message.sender_id !== null && message.sender_id === me.value?.id
}
