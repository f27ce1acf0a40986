// Something that a click begins: it is under way once at a time, and what went wrong is shown where it was begun.
import { useState } from 'preact/hooks'
import { sentence } from './faults.js'

type Work = {
  isBusy: boolean
  fault: string | undefined
  run: (work: () => Promise<unknown>) => void
}

export function useWork(): Work {
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setFault(undefined)
    try {
      await work()
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return {
    isBusy,
    fault,
    run: (work) => {
      if (!isBusy) attempt(work).catch(reportError)
    },
  }
}
