// Before the first thing is drawn: another choice of colours than the system's would flash otherwise. The styles know no other sign.
const kept = (() => {
  try {
    return localStorage.getItem('earshot.theme')
  } catch {
    // A browser may refuse to keep anything.
    return null
  }
})()
const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
document.documentElement.dataset.theme = kept === 'light' || kept === 'dark' ? kept : system
