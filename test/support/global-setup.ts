import type { TestProject } from 'vitest/node'
import { openTestServer, type TestServer } from './test-server.js'

declare module 'vitest' {
  interface ProvidedContext {
    templateUrl: string
  }
}

let server: TestServer | undefined

/** One server for the whole run. */
export async function setup(project: TestProject): Promise<void> {
  server ??= await openTestServer()
  project.provide('templateUrl', server.url)
}

export async function teardown(): Promise<void> {
  await server?.stop()
  server = undefined
}
