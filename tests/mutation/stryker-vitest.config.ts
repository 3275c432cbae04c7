import { defineConfig } from 'vitest/config'

// The tests of what is computed without a database.
export default defineConfig({
  test: {
    include: ['lib/money.test.ts', 'lib/inference/{pricing,usage,usage-rules,prompt,call-terms}.test.ts'],
    env: { NODE_ENV: 'test', LOG_LEVEL: 'silent' },
  },
})
