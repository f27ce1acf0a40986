// A crew as a process of its own, whose workers do nothing but what the test is about. It ends when one of them says so, or
// when as many have begun as are named.
import cluster from 'node:cluster'
import { Crew } from '../../src/cli/crew.js'
import { tellFirst } from '../../src/cli/worker-messages.js'
import { createLogger } from '../../src/observe.js'

const [kind, begun] = process.argv.slice(2)
const say = (text: string) => void process.stdout.write(`${text}\n`)

if (cluster.isPrimary) {
  const crew = new Crew({
    count: 2,
    environment: {},
    stop_ms: kind === 'stubborn' ? 300 : 60_000,
    onHopeless: (error) => say(`hopeless: ${error.message}`),
    logger: createLogger('info'),
  })
  const enough = new Promise<void>((resolve) => {
    let count = 0
    cluster.on('message', (_, { type }) => {
      if (type === 'ready' && ++count === Number(begun)) resolve()
    })
  })
  say(`started: ${await crew.start()}`)
  await enough
  say(`stopped: ${await crew.stop()}`)
} else await behave(cluster.worker?.id ?? 0)

async function behave(id: number): Promise<void> {
  process.on('SIGTERM', () => {
    if (kind !== 'stubborn' || id !== 1) process.exit(0)
  })
  if (kind === 'limping' && id === 3) {
    await tellFirst({ type: 'failed', sentence: 'Set LEG to a sound one.' })
    process.exit(1)
  }
  await tellFirst({ type: 'ready', url: 'here' })
  if ((kind === 'crashing' && id !== 1) || (kind === 'limping' && id === 2)) process.exit(7)
}
