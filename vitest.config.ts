import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{lib,db,scripts,app,tests/support,tests/mutation}/**/*.test.{ts,tsx}'],
    globalSetup: ['tests/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
