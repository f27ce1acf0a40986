// Which screen is shown: by the address, and by whether somebody is signed in.
import { useEffect } from 'preact/hooks'
import { conversations, phase } from '../app/client.js'
import { t } from '../app/language.js'
import { go, place } from '../app/router.js'
import { isElsewhere } from '../app/tabs.js'
import { titleOf } from '../app/titles.js'
import { Spinner } from '../ui/spinner.js'
import { Elsewhere, NotFound } from './notices.js'
import { Shell } from './shell.js'
import { SignIn } from './sign-in.js'
import { SignUp } from './sign-up.js'

/** Where somebody wanted to go before they had to sign in. */
let wanted = '/'

export function App() {
  const { name } = place.value
  const isEntrance = name === 'sign-in' || name === 'sign-up'
  const now = phase.value
  useTitle()
  useEffect(() => {
    if (name === 'nowhere') return
    if (now === 'out' && !isEntrance) {
      wanted = location.pathname
      go('/sign-in', { replace: true })
    }
    if (now === 'in' && isEntrance) {
      go(wanted, { replace: true })
      wanted = '/'
    }
  }, [now, name, isEntrance])

  if (isElsewhere.value) return <Elsewhere />
  if (name === 'nowhere') return <NotFound />
  if (now === 'in' && !isEntrance) return <Shell />
  if (now === 'out' && name === 'sign-in') return <SignIn />
  if (now === 'out' && name === 'sign-up') return <SignUp />
  return <Spinner label={t().app.loading} />
}

function useTitle(): void {
  const at = place.value
  const held = at.name === 'conversation' ? conversations.value.find(({ id }) => id === at.id) : undefined
  const unread = phase.value === 'in' ? conversations.value.filter(({ me }) => me.unread_count > 0).length : 0
  const titles = {
    'sign-in': t().signIn.title,
    'sign-up': t().signUp.title,
    nowhere: t().notFound.title,
    settings: t().settings.title,
  }
  const words = held ? titleOf(held) : (titles as Record<string, string>)[at.name]
  const title = `${unread > 0 ? `(${unread}) ` : ''}${words ? `${words} · ` : ''}${t().app.name}`
  useEffect(() => {
    document.title = title
  }, [title])
}
