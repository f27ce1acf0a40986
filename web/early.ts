// Before the first thing is drawn: a choice of colours that differs from the system's would flash otherwise.
const theme = (() => {
  try {
    return localStorage.getItem('earshot.theme')
  } catch {
    // A browser may refuse to keep anything.
    return null
  }
})()
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
