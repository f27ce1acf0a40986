// The service worker, by which the page opens without a network. Only where the origin is a secure one.
type Policy = { createScriptURL(url: string): string }
type Policies = { createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy }

const URL_OF_WORKER = '/sw.js'

export function installWorker(): void {
  if (IS_DEV || !('serviceWorker' in navigator)) return
  // The one address that the Content-Security-Policy lets through, for just this.
  const { trustedTypes } = globalThis as { trustedTypes?: Policies }
  const rules = { createScriptURL: (url: string) => (url === URL_OF_WORKER ? url : '') }
  const url = trustedTypes?.createPolicy('earshot', rules).createScriptURL(URL_OF_WORKER) ?? URL_OF_WORKER
  // Without it the page works all the same.
  navigator.serviceWorker.register(url).catch(() => undefined)
}
