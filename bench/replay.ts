// npm run replay: real conversations, sent through the API by their authors, and heard by every member over a socket of
// their own. Passes only when everybody heard, and can read back, exactly what was said.
import { randomBytes } from 'node:crypto'
import { StartupError } from '../src/kit/startup-error.js'
import { forEachAtOnce } from './lib/at-once.js'
import { castOf } from './lib/cast.js'
import { BadAnswer, Client } from './lib/client.js'
import { listen, signUp } from './lib/company.js'
import { Hearings } from './lib/hearing.js'
import { Lane } from './lib/lane.js'
import { describeMemory, type OwnServer, startOwnServer } from './lib/own-server.js'
import { Progress } from './lib/progress.js'
import { drawFindings, drawReport } from './lib/report.js'
import { readTranscripts, type Transcript } from './lib/transcript.js'
import { type Options, readOptions } from './lib/usage.js'

/** Conversations beside each other. Each waits for its answer before its next line, so this is the load. */
const LANES_AT_ONCE = 4

async function replay(transcripts: readonly Transcript[], url: string, progress: Progress): Promise<boolean> {
  const client = new Client(url)
  const hearings = new Hearings()
  const cast = castOf(
    transcripts.flatMap((transcript) => transcript.nicks),
    randomBytes(3).toString('hex'),
  )
  const authors = await signUp(client, cast, progress)
  const { ears, limits, troubles } = await listen(url, [...authors.values()], hearings, progress)
  const lanes: Lane[] = []
  for (const transcript of transcripts) lanes.push(await Lane.open(client, hearings, transcript, authors))

  const lines = transcripts.reduce((sum, transcript) => sum + transcript.lines.length, 0)
  progress.begin('sending', lines)
  const began = performance.now()
  await forEachAtOnce(LANES_AT_ONCE, lanes, (lane) => lane.play(limits, () => progress.step()))
  const seconds = (performance.now() - began) / 1_000
  progress.end()

  const histories = lanes.reduce((sum, lane) => sum + lane.members.length, 0)
  progress.begin('reading histories', histories)
  await forEachAtOnce(LANES_AT_ONCE, lanes, (lane) => lane.readBack(() => progress.step()))
  progress.end()

  for (const lane of lanes) await lane.checkHearing(troubles)
  await Promise.all(ears.map((ear) => ear.close()))
  console.log(`\n${drawReport(lanes, seconds)}\n`)
  const findings = drawFindings(lanes)
  if (findings) console.log(`${findings}\n`)
  const agrees = lanes.every((lane) => lane.findings.count === 0)
  console.log(
    agrees
      ? `All agree: each of ${authors.size} authors heard every message of their conversations once, in order, with its reply, and ${histories} histories hold the same.`
      : 'What was heard does not agree with what was sent.',
  )
  return agrees
}

async function onOwnServer(transcripts: readonly Transcript[], progress: Progress): Promise<boolean> {
  const starting = startOwnServer()
  const ignoreSignals = stopOnSignal(starting)
  const server = await starting
  try {
    console.log(`A server of its own at ${server.url}:\n${server.profile}`)
    const idle = describeMemory()
    const agrees = await replay(transcripts, server.url, progress)
    console.log(
      `Memory of this one process, the server and the replay together: idle ${idle}; after the run ${describeMemory()}.`,
    )
    return agrees
  } finally {
    await server.stop()
    ignoreSignals()
  }
}

/** An interrupted run leaves no database behind, even while it is still starting. */
function stopOnSignal(starting: Promise<OwnServer>): () => void {
  const stop = () => {
    const exit = () => process.exit(130)
    starting.then((server) => server.stop()).then(exit, exit)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return () => process.off('SIGINT', stop).off('SIGTERM', stop)
}

async function main({ path, url, quiet }: Options): Promise<boolean> {
  const transcripts = await readTranscripts(path)
  const progress = new Progress(quiet ? undefined : process.stdout)
  return url === undefined ? onOwnServer(transcripts, progress) : replay(transcripts, url, progress)
}

let agrees = false
try {
  agrees = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  // What the user can mend is one sentence; only what nobody foresaw shows its stack.
  console.error(error instanceof StartupError || error instanceof BadAnswer ? error.message : error)
}
// A run that ended early may have left sockets open, which would keep the process.
process.exit(agrees ? 0 : 1)
