// The pages of docs/ that are made of the tables of the code, the documents that the server serves, as files, and what the
// SDK knows of them.

import { VARIABLES } from '../../src/config.js'
import { buildAsyncApi, closeCodeTable } from '../../src/contract/asyncapi.js'
import { CLOSE_CODES } from '../../src/contract/close-codes.js'
import { ERRORS } from '../../src/contract/errors.js'
import { Role } from '../../src/contract/memberships.js'
import { ACTIONS, may } from '../../src/domain/access.js'
import type { Services } from '../../src/http/env.js'
import { createHttp, openApiOf } from '../../src/http/server.js'
import { drawRoutes, drawTypes } from './sdk-types.js'

const NOTE = '<!-- Written by `npm run generate`. -->'

/** Committed file -> what it should be. */
export function drawPages(): [string, string][] {
  const openApi = openApiOf(createHttp({} as Services, { corsOrigins: [], trustedProxies: [] }))
  const asyncApi = buildAsyncApi()
  return [
    ['docs/errors.md', errorPage()],
    ['docs/close-codes.md', closeCodePage()],
    ['docs/configuration.md', configurationPage()],
    ['docs/permissions.md', permissionPage()],
    ['docs/openapi.json', `${JSON.stringify(openApi, null, 1)}\n`],
    ['docs/asyncapi.json', `${JSON.stringify(asyncApi, null, 1)}\n`],
    ['src/sdk/types.ts', drawTypes(openApi, asyncApi)],
    ['src/sdk/routes.ts', drawRoutes(openApi)],
  ]
}

function errorPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, retry, title }]) => [
    `\`${code}\``,
    String(status),
    retry ? 'yes' : 'no',
    title,
  ])
  return page(
    'Errors',
    `Over REST an error is an \`application/problem+json\` (RFC 9457) with this \`code\` and status; over the socket it is the \`error\` of a reply.
A code means the same for ever; the sentence may change. Where a repeat may help, \`Retry-After\` (over the socket \`retry_after\`) says after how many seconds, if that is known.`,
    ['code', 'status', 'a repeat may help', 'meaning'],
    rows,
  )
}

function permissionPage(): string {
  return page(
    'Permissions',
    `Which role may do what in a conversation; to read it, to report what one has read, to set one's own wishes and to leave is for every member,
but the last owner cannot leave. In a direct one both are members, and neither can be removed, banned or given another role.
To remove, ban or rename somebody, or to give them a role, one must stand above them; nobody changes their own role or gives one above it.
An edit needs what a send needs, and both are refused between two of whom one has blocked the other. A message can be edited by its
sender alone, and deleted by its sender for a while.`,
    ['', ...Role.options],
    ACTIONS.map((action) => [`\`${action}\``, ...Role.options.map((role) => (may(role, action) ? 'yes' : ''))]),
  )
}

function closeCodePage(): string {
  const { going_away, protocol_error } = CLOSE_CODES
  return `${NOTE}
# Why a socket was closed

One comparison decides what a client does: from ${going_away.code} to 4499 it connects again, after a random wait that grows with each attempt;
from ${protocol_error.code} on it does not. Of the standard codes, 1000 means stop, and 1002, 1003, 1007, 1008 and 1009 are the client's own fault.
With any other, or without one (1006), it connects again as well.

${closeCodeTable()}
`
}

function configurationPage(): string {
  const rows = Object.entries(VARIABLES).map(([name, variable]) => [
    `\`${name}\``,
    defaultOf(variable),
    variable.description ?? '',
  ])
  return page(
    'Configuration',
    'From the environment or a `.env` file. `npm run earshot -- config` prints what is in force, without secrets.',
    ['variable', 'default', 'meaning'],
    rows,
  )
}

/** As one would write it into the environment. */
function defaultOf(variable: unknown): string {
  let { def } = (variable as { _zod: { def: Definition } })._zod
  while (def.type === 'pipe' && def.in) def = def.in._zod.def
  return def.type === 'default' ? String(def.defaultValue) : ''
}
type Definition = { type: string; in?: { _zod: { def: Definition } }; defaultValue?: unknown }

function page(title: string, text: string, head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const table = [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
  return `${NOTE}\n# ${title}\n\n${text}\n\n${table}\n`
}
