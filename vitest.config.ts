import { defineConfig } from 'vitest/config'

// Unit tests touch nothing outside the process; integration tests run the real server on a real PostgreSQL.
export default defineConfig({
  test: {
    // More would only make PostgreSQL and the servers of the tests wait for each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.unit.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.unit.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
})
