// One database of a known size, the built server on it, and the reader who is signed in there.
import pg from 'pg'
import { SignedIn } from '../../src/contract/accounts.js'
import { Conversations } from '../../src/contract/conversations.js'
import { Messages } from '../../src/contract/messages.js'
import { type BuiltServer, startBuiltServer } from './built-server.js'
import { fill, findGreat, gatherStatistics } from './filling.js'
import type { Progress } from './progress.js'
import { explainReads, type Reads, recordReads } from './statements.js'

const READER = { username: 'reader', email: 'reader@reads.example', password: 'correct horse battery staple' }
const LIMIT = 50

export class ReadDatabase {
  readonly messages: number
  readonly greatSize: number
  readonly session: pg.Client
  readonly plans: string
  readonly statements: Reads
  readonly #server: BuiltServer
  readonly #token: string
  readonly #great: string
  readonly #drop: () => Promise<void>

  private constructor(
    own: Pick<ReadDatabase, 'messages' | 'greatSize' | 'session' | 'plans' | 'statements'>,
    server: BuiltServer,
    token: string,
    great: string,
    drop: () => Promise<void>,
  ) {
    this.messages = own.messages
    this.greatSize = own.greatSize
    this.session = own.session
    this.plans = own.plans
    this.statements = own.statements
    this.#server = server
    this.#token = token
    this.#great = great
    this.#drop = drop
  }

  /** Takes what an earlier run has kept, if it is whole. Every plan that the reads have had on the way is in `plans`. */
  static async open(admin: pg.Client, adminUrl: string, messages: number, progress: Progress): Promise<ReadDatabase> {
    const name = `earshot_reads_${messages}`
    const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href
    const drop = async () => void (await admin.query(`drop database if exists ${name} with (force)`))
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
    const isKept = rowCount === 1 && (await isWhole(url, messages))
    if (!isKept) {
      await drop()
      await admin.query(`create database ${name} encoding 'UTF8' template template0`)
    }
    const server = await startBuiltServer(url)
    const session = await connect(url)
    try {
      const plans: string[] = []
      const { user, access_token } = await signIn(server.url)
      const explain = async (when: string) => {
        const great = await findGreat(session, messages)
        if (!great) throw new Error(`${name} is not filled`)
        const statements = await recordReads(session, user.id, great.id)
        plans.push(await explainReads(session, statements, `${messages.toLocaleString('en')} messages, ${when}`))
        return { great, statements }
      }
      if (!isKept) {
        await fill(session, user.id, messages, progress)
        await explain('before the first ANALYZE')
        await gatherStatistics(session)
      }
      const { great, statements } = await explain('after ANALYZE')
      return new ReadDatabase(
        { messages, greatSize: great.size, session, plans: plans.join('\n'), statements },
        server,
        access_token,
        great.id,
        drop,
      )
    } catch (error) {
      await session.end()
      await server.stop()
      // Half filled it is of no use to the next run.
      if (!isKept) await drop()
      throw error
    }
  }

  /** A whole answer. @throws Error when it is not the page that was asked for */
  async readConversations(): Promise<void> {
    const page = Conversations.parse(JSON.parse(await this.#get(`/conversations?limit=${LIMIT}`)))
    if (page.data.length !== LIMIT || !page.data.every((one) => one.last_message)) throw new Error('not the whole list')
  }

  async readMessages(): Promise<void> {
    const page = Messages.parse(JSON.parse(await this.#get(`/conversations/${this.#great}/messages?limit=${LIMIT}`)))
    if (page.data.length !== LIMIT) throw new Error('not the whole page')
  }

  /** The same without looking at what is in the answer. */
  fetchConversations = () => this.#get(`/conversations?limit=${LIMIT}`)
  fetchMessages = () => this.#get(`/conversations/${this.#great}/messages?limit=${LIMIT}`)

  async close(keep: boolean): Promise<void> {
    await this.#server.stop()
    await this.session.end()
    if (!keep) await this.#drop()
  }

  async #get(path: string): Promise<string> {
    const response = await fetch(`${this.#server.url}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${this.#token}` },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
    return text
  }
}

async function isWhole(url: string, messages: number): Promise<boolean> {
  const session = await connect(url)
  try {
    return (await findGreat(session, messages)) !== undefined
  } catch {
    return false
  } finally {
    await session.end()
  }
}

async function connect(url: string): Promise<pg.Client> {
  const session = new pg.Client(url)
  session.on('error', () => undefined)
  await session.connect()
  return session
}

async function signIn(url: string): Promise<SignedIn> {
  const post = (path: string, body: object) =>
    fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { username, password } = READER
  const known = await post('/auth/login', { login: username, password })
  const answer = known.ok ? known : await post('/auth/register', { ...READER, display_name: 'Reader' })
  return SignedIn.parse(await answer.json())
}
