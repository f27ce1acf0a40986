import type { Ear, Frame } from '../support/ear.js'
import type { Person } from '../support/person.js'

/**
 * A socket that knows only what is new. From its `hello` on a socket misses nothing, but it may still hear what was
 * committed shortly before; that is waited for here and passed over.
 */
export async function listen(
  person: Person,
): Promise<Pick<Ear, 'next' | 'all' | 'stream' | 'command' | 'frames' | 'news'>> {
  const ear = await person.connect()
  const mark = crypto.randomUUID()
  await person.patch('/users/me', { status_text: mark })
  await ear.next('user.updated', (frame) => frame.data.status_text === mark)
  const past = ear.frames.length
  const news = (matches: (frame: Frame) => boolean) => ear.frames.slice(past).filter(matches)
  return {
    next: (type, matches) => ear.next(type, matches),
    command: (type, data) => ear.command(type, data),
    all: (type) => news((frame) => frame.type === type),
    stream: (id) => news((frame) => frame.stream === id),
    get frames() {
      return news(() => true)
    },
    get news() {
      return news(({ type }) => type !== 'checkpoint')
    },
  }
}
