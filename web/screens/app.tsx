// Which screen is shown: by the address, and by whether somebody is signed in.
import { useEffect, useRef } from 'preact/hooks'
import { conversations, hasEnded, me, phase } from '../app/client.js'
import { t } from '../app/language.js'
import { go, place } from '../app/router.js'
import { isElsewhere } from '../app/tabs.js'
import { titleOf } from '../app/titles.js'
import { Spinner } from '../ui/spinner.js'
import { Elsewhere, NotFound } from './notices.js'
import { Shell } from './shell.js'
import { SignIn } from './sign-in.js'
import { SignUp } from './sign-up.js'

/** Where somebody wanted to go before they had to sign in; `of`: who that was, if it is known. */
type Wanted = { path: string; of?: string | undefined }

const HOME: Wanted = { path: '/' }
let wanted = HOME

export function App() {
  const { name } = place.value
  const isEntrance = name === 'sign-in' || name === 'sign-up'
  const now = phase.value
  const wasIn = useRef(false)
  wasIn.current ||= now === 'in'
  useTitle()
  useEffect(() => {
    if (name === 'nowhere') return
    if (now === 'out' && !isEntrance) {
      // Whose session has ended comes back to where they were; nobody is led to where another one was.
      const hasLeft = wasIn.current && !hasEnded.peek()
      wanted = hasLeft ? HOME : { path: location.pathname, of: me.peek()?.id }
      go('/sign-in', { replace: true })
    }
    if (now === 'in' && isEntrance) {
      const isTheirs = wanted.of === undefined || wanted.of === me.peek()?.id
      go(isTheirs ? wanted.path : HOME.path, { replace: true })
      wanted = HOME
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
  // What the other tab shows may be another account by now.
  const isIn = phase.value === 'in' && !isElsewhere.value
  const held = isIn && at.name === 'conversation' ? conversations.value.find(({ id }) => id === at.id) : undefined
  const unread = isIn ? conversations.value.filter(({ me }) => me.unread_count > 0).length : 0
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
