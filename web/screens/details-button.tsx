import { t } from '../app/language.js'
import { go, place } from '../app/router.js'
import { IconButton } from '../ui/button.js'

/** Where the focus goes when the details are closed. */
export const DETAILS_BUTTON = 'details-button'

export function DetailsButton({ id }: { id: string }) {
  const at = place.value
  const isOpen = at.name === 'conversation' && at.hasDetails === true
  return (
    <span id={DETAILS_BUTTON}>
      <IconButton
        icon="info"
        label={t().details.open}
        isPressed={isOpen}
        onClick={() => go(isOpen ? `/c/${id}` : `/c/${id}/details`)}
      />
    </span>
  )
}
