import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Faults, faultsOf, missing } from '../app/faults.js'
import { focusFirstError } from '../ui/field.js'
import { Icon } from '../ui/icon.js'
import { Mark } from '../ui/mark.js'

type Props = {
  title: string
  lead?: string
  fault?: string | undefined
  onSubmit: (form: HTMLFormElement) => void
  children: ComponentChildren
  after: ComponentChildren
}

/** The frame of the screens before somebody is signed in. */
export function Entrance({ title, lead, fault, onSubmit, children, after }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  // Whoever came by a link begins at the top of what is new.
  useLayoutEffect(() => heading.current?.focus(), [])
  return (
    <main class="entrance">
      <section class="card">
        <Mark />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <p class="lead">{lead}</p>}
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            onSubmit(event.currentTarget)
          }}
        >
          {fault && (
            <p class="form-error" role="alert" tabIndex={-1}>
              <Icon name="warning" />
              <span>{fault}</span>
            </p>
          )}
          {children}
        </form>
        <p class="after">{after}</p>
      </section>
    </main>
  )
}

/** The values of a form, what is wrong with them, and the one attempt that is under way. */
export function useForm<F extends string>(empty: Record<F, string>) {
  const [values, setValues] = useState(empty)
  const [faults, setFaults] = useState<Faults<F>>({ fields: {} })
  const [isBusy, setBusy] = useState(false)

  const field = (name: F) => ({
    name,
    value: values[name],
    error: faults.fields[name],
    onInput: (value: string) => {
      setValues((before) => ({ ...before, [name]: value }))
      setFaults(({ fields: { [name]: _, ...fields }, ...rest }) => ({ ...rest, fields }) as Faults<F>)
    },
  })

  const attempt = async (form: HTMLFormElement, invalid: Record<F, string>, work: Promise<void>) => {
    setBusy(true)
    try {
      await work
    } catch (error) {
      setFaults(faultsOf(error, invalid))
      focusFirstError(form)
    } finally {
      setBusy(false)
    }
  }
  const submit = (
    form: HTMLFormElement,
    invalid: Record<F, string>,
    work: (values: Record<F, string>) => Promise<void>,
  ) => {
    if (isBusy) return
    const found = missing(values)
    setFaults(found ?? { fields: {} })
    if (found) focusFirstError(form)
    else attempt(form, invalid, work(values)).catch(reportError)
  }

  return { field, submit, isBusy, fault: faults.other }
}
