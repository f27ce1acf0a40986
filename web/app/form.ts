// A form that shows what is, and sends what was changed.
import { useState } from 'preact/hooks'
import { type Faults, faultsOf, missing } from './faults.js'

type Save<F extends string> = {
  form: HTMLFormElement
  /** What a field should be like. */
  invalid: Record<F, string>
  /** What must not be empty. */
  needed?: readonly F[]
  work: (values: Record<F, string>) => Promise<unknown>
}

export function useFields<F extends string>(start: Record<F, string>) {
  const [values, setValues] = useState(start)
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
  const attempt = async ({ form, invalid, work }: Save<F>) => {
    setBusy(true)
    try {
      await work(values)
    } catch (error) {
      setFaults(faultsOf(error, invalid))
      focusFirstError(form)
    } finally {
      setBusy(false)
    }
  }
  const save = (how: Save<F>) => {
    if (isBusy) return
    const needed = Object.fromEntries((how.needed ?? []).map((name) => [name, values[name]])) as Record<F, string>
    const found = missing(needed)
    setFaults(found ?? { fields: {} })
    if (found) focusFirstError(how.form)
    else attempt(how).catch(reportError)
  }
  return { values, field, save, isBusy, fault: faults.other }
}

/** What of it is another one. */
export function changed<F extends string>(
  before: Record<F, string>,
  after: Record<F, string>,
): Partial<Record<F, string>> {
  const names = Object.keys(after) as F[]
  return Object.fromEntries(
    names.filter((name) => after[name].trim() !== before[name]).map((name) => [name, after[name].trim()]),
  ) as Partial<Record<F, string>>
}

/** After a refusal: whoever cannot see the page is where it can be mended. */
export function focusFirstError(form: HTMLFormElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]')?.focus())
}
