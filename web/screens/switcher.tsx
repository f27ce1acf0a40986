import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { writeTo } from '../app/actions.js'
import { archived, conversations } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { matches, plain } from '../app/filters.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { usePeople } from '../app/search.js'
import { nameOf, titleOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { isComposing } from '../ui/composing.js'
import { Dialog } from '../ui/dialog.js'
import { say as tell } from '../ui/toast.js'

const isMac = /Mac|iPhone|iPad/.test(navigator.platform)
export const SWITCHER_KEYS = isMac ? '⌘K' : 'Ctrl+K'
const CONVERSATIONS_MAX = 8
const PEOPLE_MAX = 6

const isOpen = signal(false)

export function openSwitcher(): void {
  isOpen.value = true
}

type Choice = { key: string; title: string; note?: string; url?: string; isGroup?: boolean; choose: () => void }

/** To any conversation or person by keys alone; it is there wherever one is. */
export function SwitcherPlace() {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      // What fills a form in by itself names no key.
      if (event.key?.toLowerCase() !== 'k' || event.shiftKey || event.altKey) return
      if (!(isMac ? event.metaKey : event.ctrlKey)) return
      event.preventDefault()
      // A dialog that is open has something to be answered first.
      if (!document.querySelector('dialog[open]')) openSwitcher()
    }
    addEventListener('keydown', hear)
    return () => {
      removeEventListener('keydown', hear)
      // Whoever signs in next has not asked for it.
      isOpen.value = false
    }
  }, [])
  if (!isOpen.value) return null
  return (
    <Switcher
      onClose={() => {
        isOpen.value = false
      }}
    />
  )
}

/** A combobox whose list is always there (ARIA APG): the focus stays in the field, the arrows go along the list. */
function Switcher({ onClose }: { onClose: () => void }) {
  const say = t().switcher
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const { here, people, isAsking } = useChoices(text)
  const all = [...here, ...people]
  const current = all[Math.min(at, all.length - 1)]
  // Before the next key: it is for the field.
  useLayoutEffect(() => field.current?.focus(), [])
  useEffect(() => {
    document.getElementById(`${id}-${current?.key}`)?.scrollIntoView({ block: 'nearest' })
  }, [current?.key])

  const choose = (choice: Choice | undefined) => {
    if (!choice) return
    onClose()
    choice.choose()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // The keys of a composition are not for the list.
    if (isComposing(event) || all.length === 0) return
    const index = Math.min(at, all.length - 1)
    if (event.key === 'ArrowDown') setAt(index === all.length - 1 ? 0 : index + 1)
    else if (event.key === 'ArrowUp') setAt(index === 0 ? all.length - 1 : index - 1)
    else if (event.key === 'Enter') choose(current)
    else return
    event.preventDefault()
  }
  const option = (choice: Choice) => (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard by the field, where the focus is
    // biome-ignore lint/a11y/useFocusableInteractive: the field points to it
    <div
      key={choice.key}
      id={`${id}-${choice.key}`}
      class="option"
      role="option"
      aria-selected={choice === current}
      onClick={() => choose(choice)}
    >
      <Avatar id={choice.key} name={choice.title} url={choice.url} size="small" isGroup={choice.isGroup ?? false} />
      <span class="person-words">
        <bdi>{choice.title}</bdi>
        {choice.note && (
          <small>
            <bdi>{choice.note}</bdi>
          </small>
        )}
      </span>
    </div>
  )
  return (
    <Dialog title={say.title} onClose={onClose}>
      <div class="field">
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label={say.label}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={current && `${id}-${current.key}`}
          placeholder={say.label}
          autoComplete="off"
          spellcheck={false}
          dir="auto"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="options" role="listbox" id={`${id}-list`} aria-label={say.label}>
        <Group id={`${id}-here`} title={say.here}>
          {here.map(option)}
        </Group>
        <Group id={`${id}-people`} title={say.people}>
          {people.map(option)}
        </Group>
      </div>
      <p class={all.length > 0 ? 'unseen' : 'results-note'} role="status">
        {all.length > 0 ? say.found(all.length) : !isAsking && say.none}
      </p>
    </Dialog>
  )
}

function Group({ id, title, children }: { id: string; title: string; children: ComponentChildren[] }) {
  if (children.length === 0) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is nothing that a listbox may hold
    <div role="group" aria-labelledby={id}>
      <p role="presentation" class="options-title" id={id}>
        {title}
      </p>
      {children}
    </div>
  )
}

/** Conversations as they come, those that fit; and people with whom there is none yet. */
function useChoices(text: string): { here: Choice[]; people: Choice[]; isAsking: boolean } {
  const query = plain(text)
  const found = usePeople(text)
  const mine = [...conversations.value, ...archived.value]
  const here = mine
    .filter((one) => query === '' || matches(one, query))
    .slice(0, CONVERSATIONS_MAX)
    .map((one) => ({
      key: one.id,
      title: titleOf(one),
      note: one.peer && !one.peer.deleted ? `@${one.peer.username}` : undefined,
      url: one.peer?.avatar_url ?? one.avatar_url,
      isGroup: one.type === 'group',
      choose: () => go(`/c/${one.id}`),
    }))
  const known = new Set(mine.map(({ peer }) => peer?.id))
  const isAsking = found?.query !== text.trim() && [...text.trim()].length >= 2
  const people = isAsking ? [] : (found?.users ?? [])
  return {
    here,
    isAsking,
    people: people
      .filter((user) => !known.has(user.id))
      .slice(0, PEOPLE_MAX)
      .map((user) => ({
        key: user.id,
        title: nameOf(user),
        note: `@${user.username}`,
        url: user.avatar_url,
        choose: () => {
          writeTo(user.id).catch((error) => tell(sentence(error)))
        },
      })),
  }
}
