// Says that something came to whoever does not look: by a tone, by the system's own notifications, and by a number on the icon.
import { computed, effect, signal } from '@preact/signals'
import type { Conversation, EventFrame, Message } from '../../src/sdk/client.js'
import { client, conversations, me, phase, status } from './client.js'
import { t } from './language.js'
import { isMuted } from './muting.js'
import { untilKnown } from './people.js'
import { recall, remember } from './remembered.js'
import { go, place } from './router.js'
import { gist, nameOf, titleOf } from './titles.js'
import { playTone } from './tone.js'

/** Many messages at once are one tone. */
const QUIET_MS = 2_000

type Permission = NotificationPermission | 'unsupported'

export const sound = signal(recall('sound') !== 'off')
export const desktop = signal(recall('desktop') === 'on')
export const permission = signal<Permission>(permissionNow())

export function chooseSound(isOn: boolean): void {
  sound.value = isOn
  remember('sound', isOn ? undefined : 'off')
  if (isOn) playTone()
}

export function chooseDesktop(isOn: boolean): void {
  desktop.value = isOn
  remember('desktop', isOn ? 'on' : undefined)
}

/** After a click alone: a page that asks by itself is refused for good. */
export async function allow(): Promise<void> {
  permission.value = await Notification.requestPermission()
  if (permission.value === 'granted') chooseDesktop(true)
}

/** Why a message is worth a notification, or is none; the rules are those of the conversation. */
function isWorth(message: Message, { me: mine, ...conversation }: Conversation, myName: string): boolean {
  if (message.sender_id === null || isMuted(mine) || mine.notifications === 'none') return false
  if (mine.notifications === 'all' || conversation.type === 'direct') return true
  return names(message.content ?? '', myName) || message.reply_to?.sender_id === me.peek()?.id
}

/** Nobody is meant by a longer name that begins like theirs. */
function names(text: string, username: string): boolean {
  // What ends a word ends a sentence as well; a pattern that would look for it anew from each dot would take too long.
  const words: readonly string[] = text.toLowerCase().match(/@[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?/g) ?? []
  return words.includes(`@${username.toLowerCase().replace(/[._-]+$/, '')}`)
}

let rungAt = Number.NEGATIVE_INFINITY

client.on('event', (event) => {
  // What is told after a while without a connection is not new.
  if (event.type !== 'message.created' || status.peek() !== 'live') return
  const message = readMessage(event)
  const conversation = client.conversation(event.stream)
  const mine = me.peek()
  if (!message || !conversation || !mine || message.sender_id === mine.id) return
  if (!isWorth(message, conversation, mine.username)) return
  const isHidden = document.visibilityState === 'hidden'
  if (!isHidden && isOnScreen(conversation.id)) return
  if (sound.peek() && conversation.me.notification_sound && performance.now() - rungAt > QUIET_MS) {
    rungAt = performance.now()
    playTone()
  }
  if (isHidden && desktop.peek() && permissionNow() === 'granted' && conversation.me.desktop_notifications) {
    show(message, conversation).catch(reportError)
  }
})

document.addEventListener('visibilitychange', () => {
  permission.value = permissionNow()
  // Whoever looks again sees the list.
  if (document.visibilityState === 'visible') clear().catch(reportError)
})

// What was told to one is not for whoever signs in next.
effect(() => {
  if (phase.value === 'out') clear().catch(reportError)
})

const unread = computed(() =>
  phase.value === 'in'
    ? conversations.value.filter(({ me: mine }) => mine.unread_count > 0 && !isMuted(mine)).length
    : 0,
)
effect(() => {
  const count = unread.value
  // Only where the page is installed there is an icon to write on.
  if (!('setAppBadge' in navigator)) return
  const writing = count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()
  writing.catch(() => undefined)
})

/** By the service worker where there is one: some systems know no other way, and it outlives the page. */
async function show(message: Message, conversation: Conversation): Promise<void> {
  const title = titleOf(conversation)
  const mine = me.peek()?.id
  const from = nameOf(await untilKnown(message.sender_id ?? ''))
  // Somebody looks by now, or is not signed in any more.
  if (document.visibilityState === 'visible' || me.peek()?.id !== mine || phase.peek() !== 'in') return
  const text = gist(message)
  const body = conversation.type === 'direct' ? text : t().list.from(from, text)
  const path = `/c/${conversation.id}`
  const options = { body, tag: conversation.id, icon: '/icon.svg', data: { path } }
  const worker = await navigator.serviceWorker?.getRegistration()
  if (worker?.active) return worker.showNotification(title, options)
  const notification = new Notification(title, options)
  notification.onclick = () => {
    window.focus()
    go(path)
    notification.close()
  }
}

async function clear(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration()
  for (const one of (await worker?.getNotifications()) ?? []) one.close()
}

// The service worker says on which notification somebody has clicked.
navigator.serviceWorker?.addEventListener('message', ({ data }) => {
  if (typeof data?.path === 'string' && /^\/c\/[0-9a-f-]{36}$/.test(data.path)) go(data.path)
})

function isOnScreen(id: string): boolean {
  const at = place.peek()
  return at.name === 'conversation' && at.id === id && document.hasFocus()
}

function readMessage({ data }: EventFrame): Message | undefined {
  const message = data as Message | { gone: true }
  return 'gone' in message ? undefined : message
}

function permissionNow(): Permission {
  return 'Notification' in globalThis ? Notification.permission : 'unsupported'
}
