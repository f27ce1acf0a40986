import { useEffect, useId } from 'preact/hooks'
import { client, status } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { KINDS, kind, words } from '../app/filters.js'
import { t } from '../app/language.js'
import { Icon } from '../ui/icon.js'
import { say as tell } from '../ui/toast.js'

/** Above the list: what is written narrows it, and what is chosen. */
export function Filters() {
  const say = t().filters
  const name = useId()
  useArchived()
  return (
    <search class="filters">
      <div class="filter-box">
        <Icon name="search" size={16} />
        <input
          type="text"
          enterkeyhint="search"
          autoComplete="off"
          spellcheck={false}
          dir="auto"
          aria-label={say.label}
          placeholder={say.label}
          value={words.value}
          onInput={(event) => {
            words.value = event.currentTarget.value
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') words.value = ''
          }}
        />
      </div>
      <fieldset class="filter-chips">
        <legend class="unseen">{say.kind}</legend>
        {KINDS.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={name}
              checked={kind.value === each}
              onChange={() => {
                kind.value = each
              }}
            />
            <span>{say[each]}</span>
          </label>
        ))}
      </fieldset>
    </search>
  )
}

/** They are loaded when somebody wants to see them, and again when there is a connection. */
function useArchived(): void {
  const isWanted = kind.value === 'archived' && status.value === 'live'
  useEffect(() => {
    if (isWanted) client.loadArchived().catch((error) => tell(sentence(error)))
  }, [isWanted])
}
