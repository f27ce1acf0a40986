// Small changes that somebody makes one after another, quicker than they are answered: each waits for the one before.
import { useRef, useState } from 'preact/hooks'
import { sentence } from './faults.js'

export type Line = { fault: string | undefined; run: (work: () => Promise<unknown>) => void }

export function useLine(): Line {
  const [fault, setFault] = useState<string | undefined>(undefined)
  const last = useRef<Promise<void>>(Promise.resolve())
  const attempt = async (before: Promise<void>, work: () => Promise<unknown>) => {
    await before
    try {
      await work()
      setFault(undefined)
    } catch (error) {
      setFault(sentence(error))
    }
  }
  return {
    fault,
    run: (work) => {
      last.current = attempt(last.current, work)
    },
  }
}
