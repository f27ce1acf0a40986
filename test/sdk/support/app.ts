// The SDK as an application has it, against the real server and by the real clock.
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import { type ClientOptions, Earshot, EarshotError } from '../../../src/sdk/client.js'
import type { Person } from '../../support/person.js'
import { PASSWORD } from '../../support/world.js'
import { pictureOf } from './stage.js'
import { until } from './until.js'

export class Apps implements Disposable {
  readonly #open: Earshot[] = []
  readonly errors: unknown[] = []

  /** One that is not signed in. */
  make(url: string, options: Partial<ClientOptions> = {}): Earshot {
    const earshot = new Earshot({ url, WebSocket, ...options })
    earshot.on('error', (error) => this.errors.push(error instanceof EarshotError ? error.code : error))
    this.#open.push(earshot)
    return earshot
  }

  /** One of this person's, live. */
  async of(person: Person, options: Partial<ClientOptions> = {}): Promise<Earshot> {
    const earshot = this.make(person.url, options)
    await earshot.signIn({ login: person.name, password: PASSWORD })
    await earshot.start()
    return earshot
  }

  [Symbol.dispose](): void {
    for (const earshot of this.#open) earshot.stop()
  }
}

/** Waits until the client holds what another one loads that knows nothing. */
export async function expectConverged(apps: Apps, person: Person, earshot: Earshot, what = ''): Promise<void> {
  const fresh = await apps.of(person)
  const expected = withoutDeliveries(pictureOf(fresh))
  // A user has only so many sessions.
  await fresh.signOut()
  try {
    await until(() => isDeepStrictEqual(withoutDeliveries(pictureOf(earshot)), expected), 'convergence')
  } catch {
    throw new Error(
      `${what}: ${JSON.stringify(withoutDeliveries(pictureOf(earshot)))}\nis not ${JSON.stringify(expected)}`,
    )
  }
}

/** A delivery alone is told to nobody's own devices; what others say of themselves is read again on demand. */
function withoutDeliveries(picture: unknown): unknown {
  return JSON.parse(JSON.stringify(picture), (key, value) => {
    if (key === 'delivered_number') return undefined
    return key === 'peer' ? (value?.id ?? null) : value
  })
}
