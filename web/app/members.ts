// Who is in a group, in pages and as it changes.
import { useEffect } from 'preact/hooks'
import type { Member } from '../../src/sdk/client.js'
import { client } from './client.js'
import { usePages } from './pages.js'
import { learn } from './people.js'

type Joined = Omit<Member, 'user'> & { user_id: string }

/** A hundred may be added at once: who they are is asked together. */
const GATHER_MS = 300
const ASKED_MAX = 100

function gather(onMembers: (members: Member[]) => void): { add: (one: Joined) => void; end: () => void } {
  let come: Joined[] = []
  let timer: number | undefined
  const ask = async () => {
    timer = undefined
    const all = come.splice(0)
    for (let from = 0; from < all.length; from += ASKED_MAX) {
      const some = all.slice(from, from + ASKED_MAX)
      const { data } = await client.call('GET /users', { query: { ids: some.map(({ user_id }) => user_id) } })
      learn(data)
      onMembers(
        some.flatMap(({ user_id, role, nickname, joined_at }) => {
          const user = data.find((one) => one.id === user_id)
          return user ? [{ user, role, nickname, joined_at }] : []
        }),
      )
    }
  }
  return {
    add: (one) => {
      come.push(one)
      // Whoever could not be asked for is there when it is opened the next time.
      timer ??= setTimeout(() => ask().catch(() => undefined), GATHER_MS)
    },
    end: () => {
      clearTimeout(timer)
      come = []
    },
  }
}

function withMembers(list: readonly Member[], joined: readonly Member[]): readonly Member[] {
  const ids = new Set(joined.map(({ user }) => user.id))
  return [...list.filter(({ user }) => !ids.has(user.id)), ...joined]
}

export function useMembers(id: string) {
  const pages = usePages<Member>(id, async (cursor, signal) => {
    const page = await client.call('GET /conversations/{id}/members', {
      path: { id },
      query: cursor === undefined ? {} : { cursor },
      signal,
    })
    learn(page.data.map(({ user }) => user))
    return page
  })
  const { change } = pages
  useEffect(() => {
    const come = gather((joined) => change((list) => withMembers(list, joined)))
    const stop = client.on('event', ({ type, stream, data }) => {
      if (stream !== id || !type.startsWith('member.')) return
      const news = data as Joined
      if (type === 'member.removed') change((list) => list.filter(({ user }) => user.id !== news.user_id))
      if (type === 'member.updated') {
        const { role, nickname } = news
        change((list) => list.map((one) => (one.user.id === news.user_id ? { ...one, role, nickname } : one)))
      }
      if (type === 'member.added') come.add(news)
    })
    return () => {
      stop()
      come.end()
    }
  }, [id])
  return pages
}
