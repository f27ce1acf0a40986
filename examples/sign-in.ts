// What both examples begin with: a client for `--url` and `--name`, signed in, or signed up the first time.
import process from 'node:process'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { Earshot, EarshotError, type Storage } from '../src/sdk/client.js'

/** @throws EarshotError if the name has another password, or the server cannot be reached */
export async function signIn(storageOf?: (name: string) => Storage): Promise<{ earshot: Earshot; name: string }> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://localhost:3000' },
      name: { type: 'string' },
      password: { type: 'string', default: 'correct horse battery' },
    },
  })
  const { url, name, password } = values
  if (!name) throw new Error('Who are you? --name alice')
  // Node 20 has no WebSocket of its own; a browser, and Node 22, do without this option.
  const earshot = new Earshot({ url, WebSocket, ...(storageOf && { storage: storageOf(name) }) })
  earshot.on('error', (error) => process.stderr.write(`${error}\n`))
  try {
    await earshot.signIn({ login: name, password })
  } catch (error) {
    if (!(error instanceof EarshotError && error.code === 'auth.invalid_credentials')) throw error
    // Nobody of this name, or another password: in that case the name is taken.
    await earshot.signUp({ username: name, email: `${name}@example.com`, password, display_name: name })
  }
  return { earshot, name }
}
