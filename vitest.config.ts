import { defineConfig } from 'vitest/config'

// `unit` touches nothing outside the process; `integration` runs the real server on a real PostgreSQL, whichever is at
// hand; `embedded` is about the one that Earshot brings along; `faults` kills, cuts and fills up what the shipped server stands on.
const UNIT = 'test/**/*.unit.test.ts'
const FAULTS = 'test/faults/**/*.test.ts'
const EMBEDDED = 'test/db/embedded*.test.ts'

export default defineConfig({
  test: {
    // More would only make PostgreSQL and the servers of the tests wait for each other.
    maxWorkers: 2,
    // No test is about time: this only ends one that hangs, also on a machine that does much else.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Nor is what is waited for, whoever else works here.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: [UNIT] } },
      { extends: true, test: { name: 'embedded', include: [EMBEDDED] } },
      {
        extends: true,
        test: {
          name: 'faults',
          include: [FAULTS],
          globalSetup: ['test/faults/support/global-setup.ts'],
          // Of the long form; no fault may last for ever.
          testTimeout: 900_000,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: [UNIT, EMBEDDED, FAULTS],
          globalSetup: ['test/support/global-setup.ts'],
          // Nothing in src holds module state, so files may share a process: it saves a third of the time.
          isolate: false,
        },
      },
    ],
  },
})
