// A bot that answers whoever mentions it: npx tsx examples/bot.ts --name helper
//
// It answers each mention once, however often it is killed and started again. Its state is in helper.json: what was said while it
// was away comes first when it is back. And an answer has a client_id that is made of the question: should the bot die after it
// has sent the answer and before it has noted that, it sends the same again, and the server takes it for what it is.
import { createHash } from 'node:crypto'
import process from 'node:process'
import type { EventFrame, Message } from '../src/sdk/client.js'
import { fileStorage } from './file-storage.js'
import { signIn } from './sign-in.js'

const { earshot, name } = await signIn((me) => fileStorage(`${me}.json`))

earshot.on('event', ({ type, data }: EventFrame) => {
  if (type !== 'message.created') return
  // What is left of a message that this reader may not see has no content.
  const { id, conversation_id, sender_id, content } = data as Message
  if (sender_id === earshot.me?.id || !content?.includes(`@${name}`)) return
  const question = content.replaceAll(`@${name}`, '').trim()
  return earshot.send(conversation_id, answer(question), { reply_to_id: id, client_id: uuidOf(`answer to ${id}`) })
})
earshot.on('status', (status) => process.stdout.write(`${status}\n`))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => earshot.stop())
await earshot.start()

/** Here a real bot would think. */
function answer(question: string): string {
  return question === '' ? 'Yes?' : `You said "${question}". That is ${question.length} characters.`
}

/** The same UUID for the same text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')
}
