// Of a long list of rows only those near what is seen are in the page. Where one is, is kept as a row and where its lower edge stands:
// whatever comes, goes or grows above it, that edge stays where it is.
export type Placed = { key: string; kind: string }
/** `bottom`: of that row, below the upper edge of what is seen. */
export type Place = 'end' | { key: string; bottom: number }
export type Drawn = { index: number; gap: number }
export type Seen = { first: number; last: number; isAtEnd: boolean; isNearStart: boolean; isNearEnd: boolean }

/** So much is drawn above and below; half of it is left when more is drawn. */
const OVER_PX = 800
/** So close to the end, one is still reading what comes. */
const END_PX = 48
/** So close to the edge of what is loaded, more is wanted. */
const EDGE_PX = 1_000
const GUESSED_PX: Record<string, number> = { day: 40, new: 36, system: 28 }
const GUESS_PX = 44
const HEIGHTS_MAX = 10_000

export class Viewport {
  place: Place
  /** What follows the last row is not loaded: then its end is not the end. */
  isOpenEnded = false
  #scroller: HTMLElement | null = null
  #list: HTMLElement | null = null
  readonly #onDraw: () => void
  readonly #onSeen: (seen: Seen) => void
  readonly #heights = new Map<string, number>()
  readonly #watched = new Map<Element, string>()
  readonly #resized = new ResizeObserver(() => {
    this.#restore()
    // What is drawn within this turn would be told in the next one only, as an error.
    requestAnimationFrame(() => this.#look())
  })
  #rows: readonly Placed[] = []
  #index = new Map<string, number>()
  /** Of each row and of the end, in the list. */
  #tops: number[] = [0]
  #drawn: Drawn[] = []
  #from = 0
  #to = 0
  /** Where it stood when a row was last revealed. */
  #revealedAt = Number.NaN
  /** Asked for where the layout is known anyway: to ask while rows are drawn would lay out all of them once more. */
  #clientHeight: number | undefined

  constructor(place: Place, onDraw: () => void, onSeen: (seen: Seen) => void) {
    this.place = place
    this.#onDraw = onDraw
    this.#onSeen = onSeen
  }

  /** @returns what ends it */
  attach(scroller: HTMLElement, list: HTMLElement): () => void {
    this.#scroller = scroller
    this.#list = list
    const onScroll = () => this.#look()
    this.#resized.observe(scroller)
    scroller.addEventListener('scroll', onScroll, { passive: true })
    this.settle()
    return () => {
      this.#resized.disconnect()
      this.#watched.clear()
      this.#scroller = null
      this.#list = null
      scroller.removeEventListener('scroll', onScroll)
    }
  }

  /** Which rows are drawn, with the room that is left before each; `pinned` is drawn wherever it is. */
  arrange(rows: readonly Placed[], pinned: string | undefined): { drawn: readonly Drawn[]; rest: number } {
    if (rows !== this.#rows) this.#take(rows)
    this.#sum()
    const [from, to] = this.#span(OVER_PX)
    this.#from = from
    this.#to = to
    const indexes = Array.from({ length: to - from }, (_, index) => from + index)
    const extra = pinned === undefined ? undefined : this.#index.get(pinned)
    if (extra !== undefined && extra < from) indexes.unshift(extra)
    if (extra !== undefined && extra >= to) indexes.push(extra)
    let before = 0
    this.#drawn = indexes.map((index) => {
      const gap = this.#top(index) - before
      before = this.#top(index + 1)
      return { index, gap }
    })
    return { drawn: this.#drawn, rest: this.#top(rows.length) - before }
  }

  /** After each drawing: what is drawn has its height, and one is where one was. */
  settle(): void {
    this.#restore()
    this.#look()
  }

  #restore(): void {
    const [scroller, list] = [this.#scroller, this.#list]
    if (!scroller || !list) return
    this.#measure(list)
    this.#clientHeight = scroller.clientHeight
    const end = scroller.scrollHeight - this.#clientHeight
    if (this.place === 'end') {
      if (Math.abs(scroller.scrollTop - end) > 0.5) scroller.scrollTop = end
    } else {
      const row = this.#elementOf(this.place.key)
      const moved = row ? this.#bottomOf(row) - this.place.bottom : 0
      if (Math.abs(moved) > 0.05) scroller.scrollTop += moved
    }
  }

  /** To this row, so far below the upper edge; or to the end. */
  go(place: Place): void {
    this.place = place
    this.#onDraw()
  }

  /** So that the whole row is seen, wherever it is. */
  reveal(key: string): void {
    const [scroller, row] = [this.#scroller, this.#elementOf(key)]
    if (!scroller || !row) return
    const { top, bottom } = row.getBoundingClientRect()
    const frame = scroller.getBoundingClientRect()
    const before = scroller.scrollTop
    if (top < frame.top + 8) scroller.scrollTop += top - frame.top - 8
    else if (bottom > frame.bottom - 8) scroller.scrollTop += Math.min(bottom - frame.bottom + 8, top - frame.top - 8)
    if (scroller.scrollTop !== before) this.#revealedAt = scroller.scrollTop
    this.#look()
  }

  get height(): number {
    return this.#clientHeight ?? innerHeight
  }

  #take(rows: readonly Placed[]): void {
    const index = new Map(rows.map(({ key }, at) => [key, at]))
    const { place } = this
    // Where the row was that is gone is the next one that is left.
    if (place !== 'end' && !index.has(place.key)) {
      const next = this.#rows.slice(this.#index.get(place.key) ?? 0).find(({ key }) => index.has(key))
      this.place = next ? { key: next.key, bottom: place.bottom } : 'end'
    }
    if (this.#heights.size > HEIGHTS_MAX) this.#heights.clear()
    this.#rows = rows
    this.#index = index
  }

  #sum(): void {
    let top = 0
    this.#tops = [0]
    for (const row of this.#rows) {
      top += this.#height(row)
      this.#tops.push(top)
    }
  }

  #height({ key, kind }: Placed): number {
    return this.#heights.get(key) ?? GUESSED_PX[kind] ?? GUESS_PX
  }

  #top(index: number): number {
    return this.#tops[index] ?? this.#tops.at(-1) ?? 0
  }

  /** The rows that reach into what is seen, or so near to it. */
  #span(over: number): [from: number, to: number] {
    const total = this.#top(this.#rows.length)
    let top = total - this.height
    if (this.place !== 'end') {
      const at = this.#index.get(this.place.key)
      if (at !== undefined) top = this.#top(at + 1) - this.place.bottom
    }
    top = Math.max(0, Math.min(top, total - this.height))
    return [this.#at(top - over), Math.min(this.#rows.length, this.#at(top + this.height + over) + 1)]
  }

  /** The row in which this point of the list lies. */
  #at(point: number): number {
    let [low, high] = [0, Math.max(0, this.#rows.length - 1)]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#top(middle + 1) > point) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The children of the list are what was drawn last, in that order. */
  #measure(list: HTMLElement): void {
    for (const element of this.#watched.keys()) {
      if (element.parentNode === list) continue
      this.#watched.delete(element)
      this.#resized.unobserve(element)
    }
    let hasChanged = false
    this.#drawn.forEach(({ index }, at) => {
      const [element, row] = [list.children[at], this.#rows[index]]
      if (!element || !row) return
      if (!this.#watched.has(element)) this.#resized.observe(element)
      this.#watched.set(element, row.key)
      const { height } = element.getBoundingClientRect()
      hasChanged ||= this.#heights.get(row.key) !== height
      this.#heights.set(row.key, height)
    })
    if (hasChanged) this.#sum()
  }

  #elementOf(key: string): Element | undefined {
    const at = this.#drawn.findIndex(({ index }) => this.#rows[index]?.key === key)
    return at < 0 ? undefined : this.#list?.children[at]
  }

  #bottomOf(element: Element): number {
    return element.getBoundingClientRect().bottom - (this.#scroller?.getBoundingClientRect().top ?? 0)
  }

  /** Where one is now, and whether something else has to be drawn for it. */
  #look(): void {
    const [scroller, list] = [this.#scroller, this.#list]
    if (!scroller || !list) return
    const { scrollTop, clientHeight, scrollHeight } = scroller
    this.#clientHeight = clientHeight
    const top = scroller.getBoundingClientRect().top
    const left = scrollHeight - scrollTop - clientHeight
    const isAtEnd = !this.isOpenEnded && left < END_PX
    const inView = this.#drawn.flatMap(({ index }, at) => {
      const element = list.children[at]
      if (!element) return []
      const { bottom: edge, height } = element.getBoundingClientRect()
      const bottom = edge - top
      return bottom > 0 && bottom - height < clientHeight ? [{ index, bottom }] : []
    })
    const anchor = inView.find(({ index }) => !isFleeting(this.#rows[index])) ?? inView[0]
    const row = anchor && this.#rows[anchor.index]
    // In a low window a row may be hidden so close to the end.
    const isRevealed = left > 1 && Math.abs(scrollTop - this.#revealedAt) < 1
    if (isAtEnd && !isRevealed) this.place = 'end'
    else if (anchor && row) this.place = { key: row.key, bottom: anchor.bottom }
    else this.place = this.#guess(scrollTop) ?? this.place
    const [from, to] = this.#span(OVER_PX / 2)
    if (from < this.#from || to > this.#to) this.#onDraw()
    this.#onSeen({
      first: inView[0]?.index ?? from,
      last: inView.at(-1)?.index ?? to,
      isAtEnd,
      isNearStart: scrollTop < EDGE_PX,
      isNearEnd: left < EDGE_PX,
    })
  }

  /** Thrown far away, one is where nothing is drawn yet. */
  #guess(scrollTop: number): Place | undefined {
    const point = scrollTop - (this.#list?.offsetTop ?? 0)
    const at = this.#at(point)
    const row = this.#rows[at]
    return row && { key: row.key, bottom: this.#top(at + 1) - point }
  }
}

/** Its key tells of what follows it, which may be something else when older messages have come. */
const isFleeting = (row: Placed | undefined): boolean => row?.kind === 'day'
