// What may change more often than a screen is drawn is shown once a frame: the first time at once, whatever follows together.
type Work = () => void

const done = new Set<Work>()
const waiting = new Set<Work>()

/** Of `work` only the last time counts. On a page that nobody sees there are no frames, so it is done each time. */
export function oncePerFrame(work: Work): Work {
  return () => {
    if (document.visibilityState !== 'visible') work()
    else if (done.has(work)) waiting.add(work)
    else start(work)
  }
}

function start(work: Work): void {
  if (done.size === 0) requestAnimationFrame(next)
  done.add(work)
  work()
}

/** All that waits is done in one turn, so that the page is drawn once for it. */
function next(): void {
  const all = [...waiting]
  done.clear()
  waiting.clear()
  for (const work of all) start(work)
}
