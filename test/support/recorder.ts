// What a node really asks of PostgreSQL: a relay that reads along and writes down each statement that is executed.
import { openRelay } from './relay.js'

export async function openRecorder(databaseUrl: string) {
  const statements: string[] = []
  const { url } = await openRelay(databaseUrl, () => readFrontend((text) => statements.push(text)))
  return {
    url,
    /** The texts of all statements that `work` has caused, and that name one of `tables` (the node's own pulse goes on beside). */
    during: async (tables: RegExp, work: () => Promise<unknown>): Promise<string[]> => {
      const before = statements.length
      await work()
      return statements.slice(before).filter((text) => tables.test(text))
    },
  }
}

/** The messages of one connection, in whatever pieces they come. A prepared statement is noted each time it is executed. */
function readFrontend(onStatement: (text: string) => void): (sent: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  // The first message has no type.
  let typeBytes = 0
  let bound = ''
  const texts = new Map<string, string>()
  return (sent) => {
    rest = Buffer.concat([rest, sent])
    while (rest.length >= typeBytes + 4) {
      const end = typeBytes + rest.readInt32BE(typeBytes)
      if (rest.length < end) return
      const type = typeBytes === 0 ? '' : String.fromCharCode(rest[0] ?? 0)
      const [first = '', second = ''] = rest.toString('utf8', typeBytes + 4, end).split('\0')
      if (type === 'Q') onStatement(first)
      else if (type === 'P') texts.set(first, second)
      else if (type === 'B') bound = texts.get(second) ?? ''
      else if (type === 'E') onStatement(bound)
      typeBytes = 1
      rest = rest.subarray(end)
    }
  }
}
