const GAP_PX = 4
const EDGE_PX = 8

/** Puts a list that is fixed to the screen below what has opened it, or above it where there is more room. */
export function float(list: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = list
  const isBelow = at.bottom + GAP_PX + height <= innerHeight - EDGE_PX || at.top < innerHeight - at.bottom
  const start = getComputedStyle(list).direction === 'rtl' ? at.left : at.right - width
  list.style.top = `${Math.max(EDGE_PX, isBelow ? at.bottom + GAP_PX : at.top - GAP_PX - height)}px`
  list.style.left = `${Math.max(EDGE_PX, Math.min(start, innerWidth - width - EDGE_PX))}px`
}
