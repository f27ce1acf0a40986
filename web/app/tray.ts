// The files that are to go with the next message of a conversation. They go on while another conversation is looked at.
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Attachment, type AttachmentKind, EarshotError, type More } from '../../src/sdk/client.js'
import { client, phase, status } from './client.js'
import { sentenceOf } from './faults.js'
import { FILES_MAX, kindOf, limitsOf, whyNot } from './file-limits.js'
import { hold } from './own-files.js'
import { type Begun, giveUp, upload } from './upload.js'

/** At the same time, of all trays together: more would only make each of them slower. */
const AT_ONCE = 2

/** `taking`: all is there, and the server looks at it. */
export type Progress =
  | { is: 'waiting' | 'taking' }
  | { is: 'going'; part: number }
  | { is: 'here'; attachment: Attachment }
  | { is: 'failed'; why: string; code?: string }

export type Tried = {
  key: number
  file: File
  kind: AttachmentKind
  /** Of its picture, on this device. */
  url: string | undefined
  progress: Signal<Progress>
  begun: Begun
  ends: AbortController
}

/** A message that waits for its files. */
type Held = { content: string; more: More }

let keys = 0
const trays = new Map<string, Tray>()
const queue: (() => Promise<void>)[] = []
let running = 0

export class Tray {
  readonly files = signal<readonly Tried[]>([])
  readonly held = signal<Held | undefined>(undefined)
  /** How many were more than a message may have; told until the next are added. */
  readonly surplus = signal(0)
  readonly isEmpty: ReadonlySignal<boolean> = computed(() => this.files.value.length === 0)
  readonly #conversationId: string

  constructor(conversationId: string) {
    this.#conversationId = conversationId
  }

  add(files: readonly File[], { isVoice = false } = {}): void {
    const room = FILES_MAX - this.files.peek().length
    this.surplus.value = Math.max(0, files.length - room)
    const added = files.slice(0, room).map((file): Tried => {
      const kind = isVoice ? 'voice' : kindOf(file)
      return {
        ...{ key: ++keys, file, kind, begun: {}, ends: new AbortController() },
        url: kind === 'image' ? URL.createObjectURL(file) : undefined,
        progress: signal<Progress>({ is: 'waiting' }),
      }
    })
    this.files.value = [...this.files.peek(), ...added]
    for (const one of added) this.#begin(one)
  }

  /** Ends it wherever it is; what is on the server goes as well. */
  remove(one: Tried): void {
    one.ends.abort()
    if (one.url) URL.revokeObjectURL(one.url)
    giveUp(one.begun)
    const now = one.progress.peek()
    if (now.is === 'here') {
      client.call('DELETE /attachments/{id}', { path: { id: now.attachment.id } }).catch(() => undefined)
    }
    this.files.value = this.files.peek().filter(({ key }) => key !== one.key)
    this.surplus.value = 0
    this.#sendHeld()
  }

  retry(one: Tried): void {
    one.progress.value = { is: 'waiting' }
    this.#begin(one)
  }

  /** Sends the message once all its files are there. */
  send(content: string, more: More = {}): void {
    this.held.value = { content, more }
    this.#sendHeld()
  }

  clear(): void {
    this.held.value = undefined
    for (const one of this.files.peek()) this.remove(one)
  }

  #begin(one: Tried): void {
    const { file, kind, progress, ends, begun } = one
    const isVoice = kind === 'voice'
    const conversationId = this.#conversationId
    const work = async () => {
      const why = whyNot(file, isVoice, await limitsOf(conversationId))
      if (ends.signal.aborted) return
      if (why !== undefined) {
        progress.value = { is: 'failed', why }
        return
      }
      const onProgress = (bytes: number) => {
        progress.value = bytes < file.size ? { is: 'going', part: bytes / file.size } : { is: 'taking' }
      }
      onProgress(0)
      try {
        const attachment = await upload({ file, conversationId, isVoice, signal: ends.signal, onProgress }, begun)
        one.begun = {}
        progress.value = { is: 'here', attachment }
        hold(attachment)
        this.#sendHeld()
      } catch (error) {
        if (!ends.signal.aborted) progress.value = failureOf(error)
      }
    }
    inTurn(work)
  }

  #sendHeld(): void {
    const held = this.held.peek()
    if (!held) return
    const here = this.files.peek().flatMap(({ progress }) => {
      const now = progress.peek()
      return now.is === 'here' ? [now.attachment.id] : []
    })
    if (here.length < this.files.peek().length) return
    batch(() => {
      this.held.value = undefined
      for (const { url } of this.files.peek()) if (url) URL.revokeObjectURL(url)
      this.files.value = []
      this.surplus.value = 0
    })
    // Its files were all removed again, and it had no words.
    if (here.length === 0 && held.content === '') return
    const files = here.length > 0 ? { attachment_ids: here } : {}
    // What is refused stands in the timeline, with the reason.
    client.send(this.#conversationId, held.content, { ...held.more, ...files }).catch(() => undefined)
  }
}

export function trayOf(conversationId: string): Tray {
  let tray = trays.get(conversationId)
  if (!tray) {
    tray = new Tray(conversationId)
    trays.set(conversationId, tray)
  }
  return tray
}

effect(() => {
  if (phase.value !== 'out') return
  for (const tray of trays.values()) tray.clear()
  trays.clear()
})
// What failed for want of a connection goes on with one.
effect(() => {
  if (status.value !== 'live') return
  for (const tray of trays.values()) for (const one of tray.files.peek()) if (isCut(one)) tray.retry(one)
})

addEventListener('beforeunload', (event) => {
  const isGoing = [...trays.values()].some(({ files }) => files.peek().length > 0)
  // The bytes of a file are nothing that is kept here.
  if (isGoing) event.preventDefault()
})

function inTurn(work: () => Promise<void>): void {
  queue.push(work)
  next()
}

function next(): void {
  if (running >= AT_ONCE) return
  const work = queue.shift()
  if (!work) return
  running++
  work()
    .catch(reportError)
    .finally(() => {
      running--
      next()
    })
}

function isCut({ progress }: Tried): boolean {
  const now = progress.peek()
  return now.is === 'failed' && now.code === 'network'
}

function failureOf(error: unknown): Progress {
  const code = error instanceof EarshotError ? error.code : 'unknown'
  return { is: 'failed', code, why: sentenceOf(code) }
}

/** Whether the same file may be taken another time: it may not if it is the file that is refused. */
export function mayRepeat(now: Progress): boolean {
  return now.is === 'failed' && now.code !== undefined && !/^(attachment|conversation|user)\./.test(now.code)
}
