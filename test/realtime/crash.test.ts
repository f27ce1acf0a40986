// The database dies in the middle of a conversation, as hard as it can.
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startApp } from '../../src/app.js'
import { readConfig } from '../../src/config.js'
import { createLogger } from '../../src/observe.js'
import { Person } from '../support/person.js'
import { PASSWORD, ROOMY } from '../support/world.js'

test('kill -9 of the embedded PostgreSQL: what was acknowledged is there and was heard, once', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'earshot-crash-'))
  await chmod(dataDir, 0o755)
  const app = await startApp(readConfig({ ...ROOMY, DATA_DIR: dataDir }), createLogger('silent'))
  try {
    const alice = await Person.register(app.url, 'alice', PASSWORD)
    const bob = await Person.register(app.url, 'bob', PASSWORD)
    const ear = await bob.connect()
    const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
    const acknowledged: string[] = []
    const say = async (content: string) => {
      const client_id = crypto.randomUUID()
      for (;;) {
        const answer = await alice.ask('POST', `/conversations/${id}/messages`, { content, client_id })
        if (answer.status < 300) return void acknowledged.push(content)
        // While it is away the answer is a clear one, never a hang and never a 500.
        expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } })
        expect(answer.headers.get('retry-after')).toBe('1')
      }
    }
    for (let n = 0; n < 40; n++) {
      if (n === 20) {
        const lines = (await readFile(join(dataDir, 'postgres-18/postmaster.pid'), 'utf8')).split('\n')
        process.kill(Number(lines[0]), 'SIGKILL')
      }
      await say(`message ${n}`)
    }
    await ear.heard('message.created', 40)
    await bob.settled()
    expect(ear.all('message.created').map((frame) => frame.data.content)).toEqual(acknowledged)
    const history = await bob.get(`/conversations/${id}/messages?limit=100`)
    expect(history.data.map((message: { content: string }) => message.content)).toEqual(acknowledged)
    expect(ear.isOpen).toBe(true)
    bob.disconnect()
  } finally {
    await app.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
})
