import { useState } from 'preact/hooks'
import type { Conversation, User } from '../../../src/sdk/client.js'
import { client } from '../../app/client.js'
import { t } from '../../app/language.js'
import { usePeople } from '../../app/search.js'
import { useWork } from '../../app/work.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Fault } from '../../ui/fault.js'
import { Field } from '../../ui/field.js'
import { say as tell } from '../../ui/toast.js'
import { Chosen, Results } from '../new-conversation.js'

export function AddPeople({ group, onClose }: { group: Conversation; onClose: () => void }) {
  const say = t().details
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<User[]>([])
  const found = usePeople(text)
  const work = useWork()
  const toggle = (user: User) => {
    const others = chosen.filter(({ id }) => id !== user.id)
    setChosen(others.length < chosen.length ? others : [...chosen, user])
  }
  const add = () =>
    work.run(async () => {
      const user_ids = chosen.map(({ id }) => id)
      const { data } = await client.call('POST /conversations/{id}/members', {
        path: { id: group.id },
        body: { user_ids },
      })
      onClose()
      // Those who were members already stay as they are.
      tell(say.added(data.length), data.length > 0 ? 'check' : 'warning')
    })
  return (
    <Dialog title={say.add} onClose={onClose}>
      <form
        class="create"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (chosen.length > 0) add()
        }}
      >
        <Field
          name="people"
          type="search"
          label={t().create.find}
          hint={t().create.findHint}
          value={text}
          onInput={setText}
        />
        {chosen.length > 0 && <Chosen people={chosen} onRemove={toggle} />}
        <Fault text={work.fault} />
        <Results found={found} chosen={chosen} onPick={toggle} />
        <Button type="submit" kind="primary" isWide isBusy={work.isBusy}>
          {chosen.length > 0 ? say.addCount(chosen.length) : t().create.needPeople}
        </Button>
      </form>
    </Dialog>
  )
}
