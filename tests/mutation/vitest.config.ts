import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'
import type { Assignment } from './worker-process.ts'

// Run by worker-process.ts: one process that judges mutants, with the test files looking to registry.ts for vitest.

declare module 'vitest' {
  export interface ProvidedContext {
    mutation: Pick<Assignment, 'url' | 'files' | 'pristine'>
  }
}

const { cluster, ...mutation } = JSON.parse(process.env.MUTATION_ASSIGNMENT ?? '{}') as Assignment

export default defineConfig({
  plugins: [
    {
      name: 'recorded-tests',
      enforce: 'pre',
      transform: (code, id) =>
        id.endsWith('.test.ts') ? code.replace(/ from 'vitest'/, " from '#tests/mutation/registry.ts'") : null,
    },
  ],
  test: {
    ...base.test,
    include: ['tests/mutation/host.ts'],
    globalSetup: [],
    provide: { cluster, mutation },
    // Less of the model's random commands, and always the same.
    env: { ...base.test?.env, PROPERTY_COMMANDS: '300', PROPERTY_SEED: '1', PROPERTY_LANES: '1' },
    onConsoleLog: () => false,
    // A test that failed half-way leaves promises that nobody waits for.
    dangerouslyIgnoreUnhandledErrors: true,
  },
})
