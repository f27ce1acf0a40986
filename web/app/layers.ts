// What lies over the page, the last one on top: whoever goes back closes that, and stays where they are.
import { useEffect, useRef } from 'preact/hooks'

const layers: (() => void)[] = []

/** @returns a function that takes it away again */
export function addLayer(close: () => void): () => void {
  layers.push(close)
  return () => {
    const at = layers.indexOf(close)
    if (at >= 0) layers.splice(at, 1)
  }
}

/** @returns whether there was anything to close */
export function closeTop(): boolean {
  const close = layers.pop()
  close?.()
  return close !== undefined
}

/** As long as the component is there, or `isOpen`. */
export function useLayer(close: () => void, isOpen = true): void {
  const latest = useRef(close)
  latest.current = close
  useEffect(() => (isOpen ? addLayer(() => latest.current()) : undefined), [isOpen])
}
