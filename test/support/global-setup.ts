import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openTestServer, type TestServer } from './test-server.js'

declare module 'vitest' {
  interface ProvidedContext {
    templateUrl: string
  }
}

let server: TestServer | undefined

/** One server for the whole run, and the page as it is shipped. */
export async function setup(project: TestProject): Promise<void> {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../build-web.mjs')])
  server ??= await openTestServer()
  project.provide('templateUrl', server.url)
}

export async function teardown(): Promise<void> {
  await server?.stop()
  server = undefined
}
