import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take a minute and more: begun last, they would be waited for alone. */
const LONGEST = [
  'lib/payments/model.test.ts',
  'app/access-matrix.test.ts',
  'scripts/embedded-postgres.test.ts',
  'lib/ledger/model.test.ts',
  'scripts/server/workers.test.ts',
  'scripts/admin/backups.test.ts',
  'scripts/admin/admin.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(name))
      return place === -1 ? LONGEST.length : place
    }
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['{lib,db,scripts,app,tests/support,tests/mutation}/**/*.test.{ts,tsx}'],
    globalSetup: ['tests/support/global-setup.ts'],
    pool: 'forks',
    execArgv: ['--import', path.resolve(import.meta.dirname, 'scripts', 'drizzle-files.mjs')],
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // A test is given up when it hangs; that a busy machine takes long is no failure.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Verbs get their database by argument; whatever reaches for the process's own must fail at once.
    env: {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      APP_URL: 'http://localhost:3000',
      AUTH_SECRET: 'a secret for tests that guards nothing at all',
      ENCRYPTION_KEY: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
    },
  },
})
