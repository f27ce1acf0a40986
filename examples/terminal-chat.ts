// A chat in the terminal: npx tsx examples/terminal-chat.ts --name alice
//
// A number opens a conversation, /new bob begins one, /list shows them all, /older what was said before, /quit leaves. Whatever else is
// typed is sent, also while there is no network: then it goes out later.
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Conversation, Timeline } from '../src/sdk/client.js'
import { signIn } from './sign-in.js'

const { earshot } = await signIn()
const names = new Map<string, string>()
let timeline: Timeline | undefined
/** What is on the screen already. */
let shown = new Set<string>()

earshot.on('status', (status) => say(`(${status})`))
// A message in a conversation that is not open is announced by its name.
earshot.on('event', ({ type, stream }) => {
  const conversation = earshot.conversation(stream)
  if (type === 'message.created' && conversation && stream !== timeline?.conversation_id)
    say(`(${conversation.me.unread_count} unread in ${titleOf(conversation)})`)
})
await earshot.start()
list()

const lines = createInterface({ input: process.stdin })
for await (const line of lines) {
  try {
    if (!(await obey(line.trim()))) break
  } catch (error) {
    say(String(error))
  }
}
lines.close()
earshot.stop()

/** @returns false at the end */
async function obey(line: string): Promise<boolean> {
  const [word, name] = line.split(/\s+/)
  if (word === '/quit') return false
  if (word === '/list') list()
  else if (word === '/new' && name) await begin(name)
  else if (word === '/older') await older()
  else if (/^\d+$/.test(line) && !timeline) await open(earshot.conversations[Number(line) - 1])
  else if (timeline && line !== '') send(timeline, line)
  else if (line !== '') say('Pick a conversation by its number, or begin one: /new bob')
  return true
}

function list(): void {
  timeline?.close()
  timeline = undefined
  for (const [index, one] of earshot.conversations.entries())
    say(`${index + 1}. ${titleOf(one)}${one.me.unread_count > 0 ? ` (${one.me.unread_count} unread)` : ''}`)
  if (earshot.conversations.length === 0) say('No conversations yet: /new bob')
}

async function begin(name: string): Promise<void> {
  const { data } = await earshot.call('GET /users', { query: { query: name } })
  const user = data.find(({ username }) => username === name)
  if (!user) return say(`There is no ${name}`)
  // One that exists is answered as it is.
  await open(await earshot.call('POST /conversations', { body: { type: 'direct', user_ids: [user.id] } }))
}

async function open(conversation: Conversation | undefined): Promise<void> {
  if (!conversation) return say('There is no such conversation')
  timeline?.close()
  const opened = await earshot.open(conversation.id)
  timeline = opened
  shown = new Set()
  say(`--- ${titleOf(conversation)}`)
  opened.on('change', () => show(opened).catch((error) => say(String(error))))
  opened.on('gone', list)
  await show(opened)
}

/** What is not on the screen yet. Edits and deletions would be drawn by a real screen: `messages` is always what is. */
async function show(open: Timeline): Promise<void> {
  const news = open.messages.flatMap((one) => ('number' in one && !shown.has(one.id) ? [one] : []))
  for (const { id } of news) shown.add(id)
  const unknown = new Set(news.flatMap(({ sender_id }) => (sender_id && !names.has(sender_id) ? [sender_id] : [])))
  if (unknown.size > 0) {
    const { data } = await earshot.call('GET /users', { query: { ids: [...unknown] } })
    for (const { id, username } of data) names.set(id, username)
  }
  for (const { sender_id, content, system, deleted_at } of news)
    say(system ? `* ${system.kind}` : `${names.get(sender_id ?? '') ?? '?'}: ${deleted_at ? '(deleted)' : content}`)
  if (news.length > 0) earshot.markRead(open.conversation_id)
}

async function older(): Promise<void> {
  if (!timeline?.hasOlder) return say('That is all')
  await timeline.loadOlder()
}

function send(open: Timeline, line: string): void {
  open.send(line).catch((error) => say(`Not sent: ${error}`))
  if (earshot.status !== 'live') say('(it will be sent later)')
}

function titleOf({ name, peer, me }: Conversation): string {
  return me.alias ?? name ?? peer?.username ?? 'a conversation'
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
