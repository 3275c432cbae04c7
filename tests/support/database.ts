import { inject } from 'vitest'
import { cloneDatabase, type TestDatabase } from '#tests/support/cluster.ts'

export type { TestDatabase }

/**
 * Makes a database of its own for a test file: a clone of the migrated template, dropped by `close`.
 * @param poolMax connections at most; races need as many as they have contestants
 */
export function createTestDatabase(options: { poolMax?: number } = {}): Promise<TestDatabase> {
  return cloneDatabase(inject('cluster'), options)
}

/** Makes a database of its own without any table, as an operator's new server has it; dropped by `close`. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return cloneDatabase({ ...inject('cluster'), template: 'template0' })
}
