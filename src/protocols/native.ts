// Earshot's own dialect: text frames of JSON. Pure: text to command, event to finished frame.
import { CommandFrame } from '../contract/commands.js'
import { AppError } from '../contract/errors.js'
import type { Hello, Resumed, ResyncReason } from '../contract/events.js'
import { describeIssues } from '../contract/issues.js'
import { textFrame } from './text-frame.js'

/** Made once: to make a schema takes longer than all the rest of a wrong frame. */
const WithId = CommandFrame.pick({ id: true }).strip()
/** Of a longer one only so much is looked at for its id: whoever has said too much does not have it read as well. */
const BEGINNING = 4_096
const ID_FIRST = /^\s*\{\s*"id"\s*:\s*"(?:[^"\\]|\\.)*"/

/** A durable event; `data` is JSON text that goes through as it is. */
export type DurableEvent = { type: string; stream_id: string; seq: number; at: string; data: string }

export function encodeEvent(event: DurableEvent): Buffer {
  const { type, stream_id, seq, at, data } = event
  return textFrame(`{"type":"${type}","stream":"${stream_id}","seq":${seq},"at":"${at}","data":${data}}`)
}

/** A signal has no seq; with a stream it belongs to that conversation. */
export function encodeSignal(signal: { type: string; stream?: string; data: unknown }): Buffer {
  return encode({ type: signal.type, stream: signal.stream, data: signal.data })
}

export function encodeHello(data: Hello): Buffer {
  return encode({ type: 'hello', data })
}

/** JSON text that goes through as it is. */
export class FinishedJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export function encodeReply(id: string, data: unknown): Buffer {
  if (data instanceof FinishedJson) {
    return textFrame(`{"type":"reply","id":${JSON.stringify(id)},"ok":true,"data":${data.text}}`)
  }
  return encode({ type: 'reply', id, ok: true, data })
}

/** For input that has no usable id, `id` is undefined and the answer is an `error`. */
export function encodeFailure(id: string | undefined, error: AppError): Buffer {
  const body = {
    code: error.code,
    detail: error.message,
    errors: error.info.errors,
    retry_after: error.info.retry_after_s,
  }
  return encode(id === undefined ? { type: 'error', error: body } : { type: 'reply', id, ok: false, error: body })
}

export function encodeResumed(data: Resumed): Buffer {
  return encode({ type: 'resumed', data })
}

export function encodeCheckpoint(resume: string): Buffer {
  return encode({ type: 'checkpoint', data: { resume } })
}

/** `in_s`: seconds until the token ends. */
export function encodeExpiring(in_s: number): Buffer {
  return encode({ type: 'auth.expiring', data: { in_s } })
}

/** Nothing later than `since` was heard here. */
export function encodeStale(since: string): Buffer {
  return encode({ type: 'stale', data: { since } })
}

export function encodeFresh(): Buffer {
  return encode({ type: 'fresh', data: {} })
}

/** The client has to load everything afresh. */
export function encodeResync(reason: ResyncReason): Buffer {
  return encode({ type: 'resync', data: { reason } })
}

/** @throws AppError frame.malformed */
export function decodeCommand(text: string): CommandFrame {
  const json = parse(text)
  if (json === undefined) throw new AppError('frame.malformed')
  const frame = CommandFrame.safeParse(json)
  if (!frame.success) {
    const errors = describeIssues(frame.error.issues)
    throw new AppError('frame.malformed', { detail: 'A command is {id, type, data}', errors })
  }
  return frame.data
}

/** The id of a frame that may be wrong in all else, so that its sender need not wait for a reply. */
export function findCommandId(text: string): string | undefined {
  const json = text.length > BEGINNING ? `${ID_FIRST.exec(text.slice(0, BEGINNING))?.[0]}}` : text
  const found = WithId.safeParse(parse(json))
  return found.success ? found.data.id : undefined
}

/** Undefined for what is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function encode(frame: unknown): Buffer {
  return textFrame(JSON.stringify(frame))
}
