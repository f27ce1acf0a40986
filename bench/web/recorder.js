// Runs in a page before anything of its own: when what one came for can be used, which rows have been drawn, and when messages of
// the talker were painted.
{
  const seen = new Set()
  const numbers = new Set()
  const late = []
  const recorder = {
    /** The rows of messages that were in the page at some time, by their keys. */
    seen,
    /** Which of the talker's messages they were. */
    numbers,
    /** How late in ms each of them was painted. */
    late,
    isCounting: false,
  }
  globalThis.earshotBench = recorder

  let isUsable = false
  const drawn = (row) => {
    const key = row.dataset.key
    if (!recorder.isCounting || seen.has(key)) return
    seen.add(key)
    const [, number, at] = /^#(\d+) ([\d.]+) /.exec(row.querySelector('.words')?.textContent ?? '') ?? []
    if (at === undefined) return
    numbers.add(Number(number))
    sentAt.set(row, Number(at))
    painted.observe(row)
  }
  const sentAt = new WeakMap()
  // These are told of in the frame in which they are painted; what is posted then runs right after it.
  const painted = new ResizeObserver((entries) => {
    const rows = entries.map(({ target }) => target)
    for (const row of rows) painted.unobserve(row)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      const now = performance.timeOrigin + performance.now()
      for (const row of rows) late.push(now - sentAt.get(row))
      port1.close()
    }
    port2.postMessage(undefined)
  })
  new MutationObserver((changes) => {
    if (!isUsable && document.querySelector('form input[name=login], a.entry')) {
      isUsable = true
      requestAnimationFrame(() => performance.mark('usable'))
    }
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof HTMLElement)) continue
        if (node.matches('li.message')) drawn(node)
        else if (recorder.isCounting) for (const row of node.querySelectorAll('li.message')) drawn(row)
      }
    }
  }).observe(document, { childList: true, subtree: true })
}
