type Listening = {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
}
type Page = Listening & { document?: Listening & { visibilityState?: string } }

/**
 * Calls when the network is said to be back, and when a page is looked at again: timers and sockets may have stood still until
 * then. @returns a function that ends it
 */
export function onWake(page: Page, wake: () => void): () => void {
  const looked = () => {
    if (page.document?.visibilityState === 'visible') wake()
  }
  page.addEventListener?.('online', wake)
  page.document?.addEventListener?.('visibilitychange', looked)
  return () => {
    page.removeEventListener?.('online', wake)
    page.document?.removeEventListener?.('visibilitychange', looked)
  }
}
