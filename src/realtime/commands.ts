// What a client says over its socket joins the same functions as REST: there is no second way to write.
import type { AccessTokens } from '../auth/access-tokens.js'
import type { Actor } from '../auth/actor.js'
import { COMMANDS, type CommandData, type CommandFrame, type CommandType, isCommandType } from '../contract/commands.js'
import { AppError } from '../contract/errors.js'
import { describeIssues } from '../contract/issues.js'
import type { Limits } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { toAppError } from '../db/sqlstate.js'
import { deleteMessage, editMessage } from '../domain/messages.js'
import type { ReceiptReports } from '../domain/receipt-reports.js'
import type { Sends } from '../domain/sends.js'
import type { Logger, Metrics } from '../observe.js'
import { decodeCommand, encodeFailure, encodeReply, FinishedJson, findCommandId } from '../protocols/native.js'
import type { Connection } from './connection.js'
import type { MissedEvents } from './missed.js'
import type { Presence } from './presence.js'
import type { PresenceWatch } from './presence-watch.js'
import { reportReceipts } from './receipts.js'
import type { Signals } from './signals.js'
import type { SpeechLimits } from './speech-limits.js'
import { toFrame } from './sync.js'
import type { Typing } from './typing.js'

export type CommandServices = {
  db: Db
  sends: Sends
  receipts: ReceiptReports
  signals: Signals
  typing: Typing
  presence: Presence
  watches: PresenceWatch
  tokens: AccessTokens
  missed: MissedEvents
  limits: Limits
  speech: SpeechLimits
  logger: Logger
  metrics: Metrics
}

type Handlers = {
  [T in CommandType]: (
    services: CommandServices,
    actor: Actor,
    data: CommandData<T>,
    connection: Connection,
  ) => Promise<unknown>
}

/** What may be said after the token has ended, until the socket is closed for it. */
const WITHOUT_TOKEN = new Set<CommandType>(['auth.renew', 'ping'])
/** No command that is not counted is longer, so a longer frame can be counted before anything is spent on it. */
const LONG = 4_096

const HANDLERS: Handlers = {
  'message.send': async ({ sends, metrics, speech }, actor, { conversation_id, ...input }) => {
    speech.countMessage(actor.user_id)
    const { wire, created } = await sends.send(actor, conversation_id, input)
    metrics.sends.inc({ outcome: created ? 'stored' : 'duplicate' })
    return new FinishedJson(wire)
  },
  'message.edit': ({ db, limits }, actor, { message_id, ...input }) =>
    editMessage(db, actor, message_id, input, limits),
  'message.delete': ({ db, limits }, actor, { message_id, ...input }) =>
    deleteMessage(db, actor, message_id, input, limits),
  'receipt.update': (services, actor, report) => reportReceipts(services, actor, report),
  'typing.start': async ({ typing }, actor, { conversation_id }, connection) => {
    await typing.start(actor, conversation_id, connection)
    return {}
  },
  'typing.stop': async ({ typing }, actor, { conversation_id }, connection) => {
    await typing.stop(actor, conversation_id, connection)
    return {}
  },
  'presence.set': ({ presence }, actor, input) => presence.set(actor, input),
  'presence.watch': async ({ watches }, _actor, { user_ids }, connection) => ({
    presence: await watches.watch(connection, user_ids),
  }),
  'stream.fetch': async ({ missed }, { user_id }, { stream, from_seq, to_seq }) => {
    const events = await missed.fetch(user_id, stream, from_seq, to_seq)
    return { events: events.map((event) => toFrame(event, user_id)) }
  },
  'auth.renew': async ({ tokens }, actor, { token }, connection) => {
    const renewed = await tokens.verify(token)
    if (renewed.user_id !== actor.user_id || renewed.session_id !== actor.session_id) {
      throw new AppError('auth.other_session')
    }
    connection.renew(renewed)
    return { expires_at: renewed.expires_at.toISOString() }
  },
  ping: async () => ({}),
}

/** The answer to one frame of a connection. It never throws: whatever goes wrong is an answer too. */
export async function answerCommand(services: CommandServices, connection: Connection, text: string): Promise<Buffer> {
  let frame: CommandFrame | undefined
  try {
    frame = readCommand(services, connection, text)
    // A browser can only ping by a command: that alone does not mean that somebody is there.
    if (frame.type !== 'ping') services.presence.acted(connection.actor.user_id)
    const data = await execute(services, connection, frame)
    services.metrics.commands.inc({ type: frame.type, outcome: 'ok' })
    return encodeReply(frame.id, data)
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.status >= 500) {
      const ids = { connection: connection.id, id: frame?.id, type: frame?.type }
      services.logger.error({ err: thrown, ...ids, code: error.code }, 'a command failed')
    }
    services.metrics.commands.inc({
      type: frame && isCommandType(frame.type) ? frame.type : 'unknown',
      outcome: error.code,
    })
    return encodeFailure(frame?.id ?? findCommandId(text), error)
  }
}

/** @throws AppError frame.malformed, rate_limited */
function readCommand({ speech }: CommandServices, connection: Connection, text: string): CommandFrame {
  if (text.length > LONG) {
    speech.countCommand(connection, undefined)
    return decodeCommand(text)
  }
  let frame: CommandFrame | undefined
  try {
    frame = decodeCommand(text)
    return frame
  } finally {
    speech.countCommand(connection, frame?.type)
  }
}

function execute(services: CommandServices, connection: Connection, frame: CommandFrame): Promise<unknown> {
  const { type } = frame
  if (!isCommandType(type)) throw new AppError('command.unknown')
  if (!WITHOUT_TOKEN.has(type) && connection.actor.expires_at.getTime() <= Date.now()) {
    throw new AppError('auth.token_expired')
  }
  return run(type, services, connection, frame.data)
}

function run<T extends CommandType>(
  type: T,
  services: CommandServices,
  connection: Connection,
  input: unknown,
): Promise<unknown> {
  const parsed = COMMANDS[type].safeParse(input)
  if (!parsed.success) {
    throw new AppError('request.invalid', { errors: describeIssues(parsed.error.issues) })
  }
  return HANDLERS[type](services, connection.actor, parsed.data as CommandData<T>, connection)
}
