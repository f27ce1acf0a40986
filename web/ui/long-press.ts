import { useRef } from 'preact/hooks'

const LONG_MS = 500
const MOVED_PX = 10

/** A finger that stays where it is. Some browsers say so themselves, as if it were the other button of a mouse; not all do. */
export function useLongPress(onLong: (event: PointerEvent) => void) {
  const press = useRef<{ x: number; y: number; timer: number } | undefined>(undefined)
  const end = () => {
    clearTimeout(press.current?.timer)
    press.current = undefined
  }
  return {
    onPointerDown: (event: PointerEvent) => {
      end()
      if (event.pointerType !== 'touch') return
      const timer = setTimeout(() => {
        press.current = undefined
        onLong(event)
      }, LONG_MS)
      press.current = { x: event.clientX, y: event.clientY, timer }
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent) => {
      const { x, y } = press.current ?? {}
      if (x !== undefined && y !== undefined && Math.hypot(clientX - x, clientY - y) > MOVED_PX) end()
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}
