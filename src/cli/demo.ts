import { Demo } from '../demo/demo.js'
import { StartupError } from '../kit/startup-error.js'
import { EarshotError } from '../sdk/client.js'

/** Two characters talk on the server at this address until they are interrupted. @throws StartupError */
export async function runDemo(url: string): Promise<void> {
  const demo = await Demo.open({ url }).catch((error) => {
    throw new StartupError(
      error instanceof EarshotError && error.code === 'network'
        ? `No Earshot answers at ${url}. Start one with npm start, or name another address: earshot demo --url http://…`
        : `The demo could not begin: ${error.message}`,
    )
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => demo.stop())
  if (demo.guest) {
    console.log(
      `Two people are talking at ${url}. Sign in there as ${demo.guest.username} with the password ${demo.guest.password}`,
    )
    console.log('Say something: they answer. Ctrl+C ends it.')
  }
  await demo.over.catch((error) => {
    throw new StartupError(`The demo has ended: ${error.message}.`)
  })
}
