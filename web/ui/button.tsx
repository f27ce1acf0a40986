import type { ComponentChildren, Ref } from 'preact'
import { Icon, type IconName } from './icon.js'
import { Spinner } from './spinner.js'

type Props = {
  children: ComponentChildren
  /** `danger` does it; `warning` asks first. */
  kind?: 'primary' | 'plain' | 'danger' | 'warning'
  type?: 'button' | 'submit'
  icon?: IconName
  isBusy?: boolean
  isWide?: boolean
  onClick?: () => void
}

/** While busy it stays where it is, in the order of tabs too, and does nothing. */
export function Button({ children, kind = 'plain', type = 'button', icon, isBusy, isWide, onClick }: Props) {
  return (
    <button
      type={type}
      class={`button ${kind}${isWide ? ' wide' : ''}`}
      aria-disabled={isBusy ? 'true' : undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.()
      }}
    >
      {isBusy ? <Spinner /> : icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

type IconButtonProps = {
  icon: IconName
  label: string
  type?: 'button' | 'submit'
  kind?: 'quiet' | 'primary'
  isPressed?: boolean
  isDisabled?: boolean
  controls?: string
  buttonRef?: Ref<HTMLButtonElement>
  onClick?: () => void
}

export function IconButton(props: IconButtonProps) {
  const { icon, label, type = 'button', kind = 'quiet', isPressed, isDisabled, controls, buttonRef, onClick } = props
  return (
    <button
      ref={buttonRef}
      type={type}
      class={`icon-button ${kind}`}
      aria-label={label}
      title={label}
      aria-pressed={isPressed}
      aria-disabled={isDisabled ? 'true' : undefined}
      aria-controls={controls}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}
