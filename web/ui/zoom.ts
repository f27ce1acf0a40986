// How a picture lies in its window: how large, and where. It never leaves the window whole.
import { useEffect, useRef, useState } from 'preact/hooks'

type View = { scale: number; x: number; y: number }

export const STEP = 1.5
export const LARGEST_SCALE = 8
const WHOLE: View = { scale: 1, x: 0, y: 0 }
/** By so much of a turn of the wheel it gets larger by a factor of e. */
const WHEEL_PX = 400

type Point = { x: number; y: number }

export function useZoom() {
  const stage = useRef<HTMLDivElement>(null)
  const [view, setView] = useState(WHOLE)

  const bounded = ({ scale, x, y }: View): View => {
    const { clientWidth = 0, clientHeight = 0 } = stage.current ?? {}
    const far = (side: number) => (side * (scale - 1)) / 2
    const within = (value: number, most: number) => Math.min(most, Math.max(-most, value))
    return { scale, x: within(x, far(clientWidth)), y: within(y, far(clientHeight)) }
  }
  const pan = (x: number, y: number) => setView((now) => bounded({ ...now, x: now.x + x, y: now.y + y }))
  /** What is under `point`, by the middle of the window, stays there. */
  const zoom = (factor: number, point: Point = { x: 0, y: 0 }) => {
    setView((now) => {
      const scale = Math.min(LARGEST_SCALE, Math.max(1, now.scale * factor))
      const by = scale / now.scale
      return bounded({ scale, x: point.x - (point.x - now.x) * by, y: point.y - (point.y - now.y) * by })
    })
  }
  const reset = () => setView(WHOLE)

  useEffect(() => {
    const element = stage.current
    if (!element) return undefined
    const pointers = new Map<number, Point>()
    const at = ({ clientX, clientY }: MouseEvent): Point => {
      const { left, top, width, height } = element.getBoundingClientRect()
      return { x: clientX - left - width / 2, y: clientY - top - height / 2 }
    }
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return
      pointers.set(event.pointerId, at(event))
      element.setPointerCapture(event.pointerId)
    }
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId)
      if (!before) return
      const now = at(event)
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
      pointers.set(event.pointerId, now)
      if (other) zoom(apart(now, other) / Math.max(1, apart(before, other)), between(now, other))
      else pan(now.x - before.x, now.y - before.y)
    }
    const up = (event: PointerEvent) => pointers.delete(event.pointerId)
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      zoom(Math.exp(-event.deltaY / WHEEL_PX), at(event))
    }
    const double = (event: MouseEvent) => setView((now) => (now.scale > 1 ? WHOLE : nearer(at(event))))
    const nearer = ({ x, y }: Point): View => bounded({ scale: 2, x: -x, y: -y })

    const ends = new AbortController()
    const { signal } = ends
    element.addEventListener('pointerdown', down, { signal })
    element.addEventListener('pointermove', move, { signal })
    for (const name of ['pointerup', 'pointercancel'] as const) element.addEventListener(name, up, { signal })
    element.addEventListener('wheel', wheel, { signal, passive: false })
    element.addEventListener('dblclick', double, { signal })
    return () => ends.abort()
  }, [])
  return { view, stage, zoom, pan, reset }
}

const apart = (one: Point, other: Point): number => Math.hypot(one.x - other.x, one.y - other.y)
const between = (one: Point, other: Point): Point => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 })
