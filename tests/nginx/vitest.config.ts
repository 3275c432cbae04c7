import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

// Run by `npm test` where there is an nginx: the shipped templates before the production build and before scripted services.
export default defineConfig({
  test: { ...base.test, include: ['tests/nginx/**/*.test.ts'], maxWorkers: 2 },
})
